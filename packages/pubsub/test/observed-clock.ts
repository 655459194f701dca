/** A clock moved by hand that says what is being waited for. */
import { ManualClock } from '@runnel/protocol/testing';
import { until } from './scripted-server.ts';

export class ObservedClock extends ManualClock {
  readonly #running = new Set<{ ms: number }>();

  override after(ms: number, fn: () => void): () => void {
    const timer = { ms };
    this.#running.add(timer);
    const stop = super.after(ms, () => {
      this.#running.delete(timer);
      fn();
    });
    return () => {
      this.#running.delete(timer);
      stop();
    };
  }

  /** Resolves once somebody waits between `least` and `most` milliseconds. */
  async waits(least: number, most = least): Promise<void> {
    await until(() => [...this.#running].some(({ ms }) => ms >= least && ms <= most));
  }
}
