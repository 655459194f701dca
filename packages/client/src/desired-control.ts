/** What this client wants of a session's runner: stated, and stated again where the runner has another state, until it answers. PROTOCOL.md section 8.6. */
import { type Clock, type ControlInForce, type ControlState, pause, TrickleError } from '@runnel/protocol';
import { beginningOf } from './beginning.ts';
import type { ControlChannel } from './control-channel.ts';
import { type ConfiguredControl, checkState } from './control-config.ts';
import type { ControlStatus, DesiredState } from './control-status.ts';
import { Delivery } from './delivery.ts';
import type { MessageOf } from './handlers.ts';
import { type Answer, type Report, RunnerWord } from './runner-word.ts';
import { Statement } from './statement.ts';

export interface DesiredControlOptions {
  /** Undefined where there is none: nothing can be asked for. */
  readonly channel: ControlChannel | undefined;
  readonly clock: Clock;
  readonly configured: ConfiguredControl | undefined;
}

/** One statement is in force and one at most is on its way, so that nothing grows with the number of changes. `close` leaves no timer. */
export class DesiredControl implements DesiredState {
  readonly #options: DesiredControlOptions;
  readonly #runner: RunnerWord;
  /** Each opening of a session is a client of its own, so that its versions can begin at 1. */
  readonly #client = crypto.randomUUID();
  #asked: Statement | undefined;
  #answer: ControlStatus['answer'] = 'none';
  #refused: ControlStatus['refused'];
  #settled = outcome();
  readonly #delivery: Delivery;
  #cancelEnd = () => {};
  #closed = false;

  constructor(options: DesiredControlOptions) {
    this.#options = options;
    this.#runner = new RunnerWord(options.clock);
    this.#delivery = new Delivery({ ...options, onUnanswered: () => this.#settle('unanswered') });
    if (options.channel && options.configured) this.#state(options.configured);
  }

  get answer(): ControlStatus['answer'] {
    return this.#answer;
  }

  get status(): ControlStatus {
    const { status: asked } = this.#asked ?? {};
    return {
      ...(asked && { asked }),
      answer: this.#answer,
      ...(this.#refused && { refused: this.#refused }),
      ...this.#runner.status,
    };
  }

  async ask(state: ControlState, { waitMs = 2_000 }: { waitMs?: number } = {}): Promise<ControlStatus> {
    this.#checkOpen();
    if (!this.#options.channel) throw new TrickleError('refused', 'the session has no control channel');
    this.#state({ ...this.#options.configured, ...checkState(state) });
    const waited = new AbortController();
    const over = pause(this.#options.clock, waitMs, waited.signal, { keepAlive: true }).then(() => this.status);
    const status = await Promise.race([this.#settled.promise, over]).finally(() => waited.abort());
    this.#checkOpen();
    return status;
  }

  /** The runner said that it started, or reported. Where it acts by another state than the one asked for, that is sent again. */
  heard(report: Report): void {
    if (this.#closed) return;
    const started = this.#runner.report(report);
    const ready = report.type === 'runner_ready';
    if (started || ready) this.#delivery.forgive();
    const asked = this.#asked;
    if (!asked || asked.expired) return;
    const inForce = this.#newest(report.control);
    const settled = inForce !== undefined && this.#answer === 'applied';
    if (inForce?.expired) this.#end();
    else if (started || (ready && !settled)) this.#send(asked.renewed());
    else if (this.#isDue(inForce)) this.#send(asked);
  }

  /** The runner answered a statement, or said that a state has ended. */
  answered(answer: Answer): void {
    if (this.#closed) return;
    this.#runner.answer(answer);
    if (!this.#newest(answer)) return;
    this.#delivery.forgive();
    const applied = answer.type === 'control_applied';
    this.#refused = applied ? undefined : why(answer);
    this.#settle(applied ? 'applied' : 'refused');
    if (applied && answer.expired) this.#end();
  }

  /** Nothing is sent any more, and whoever waits is told. */
  close(): void {
    this.#closed = true;
    this.#delivery.stop();
    this.#cancelEnd();
    this.#settled.resolve(this.status);
  }

  #state(state: ControlState): void {
    const { clock } = this.#options;
    this.#settled.reject(new TrickleError('conflict', 'another state was asked for before the runner answered'));
    this.#settled = outcome();
    const from = { client: this.#client, version: (this.#asked?.version ?? 0) + 1 };
    this.#cancelEnd();
    this.#cancelEnd = state.expires_ms === undefined ? () => {} : clock.after(state.expires_ms, () => this.#end());
    this.#delivery.forgive();
    this.#send(new Statement(from, state, clock));
  }

  /** What was on its way is out of date by this. */
  #send(asked: Statement): void {
    this.#asked = asked;
    this.#answer = 'waiting';
    this.#refused = undefined;
    this.#delivery.send(() => asked.message);
  }

  #settle(answer: ControlStatus['answer']): void {
    this.#delivery.stop();
    this.#answer = answer;
    this.#settled.resolve(this.status);
  }

  /** `version` if it is of the newest statement. */
  #newest(version: ControlInForce | undefined): ControlInForce | undefined {
    return version && this.#asked?.is(version) ? version : undefined;
  }

  /** Whether a report of a runner that had the statement, or had it not, asks for another. One on its way, or refused by this very runner, is not repeated. */
  #isDue(inForce: ControlInForce | undefined): boolean {
    if (this.#answer === 'waiting' || this.#answer === 'refused') return false;
    if (inForce && this.#answer === 'applied') return false;
    return !this.#delivery.quiet;
  }

  /** The time of the statement is over, by our clock or the runner's. */
  #end(): void {
    if (!this.#asked || this.#asked.expired) return;
    this.#asked.expired = true;
    this.#cancelEnd();
    if (this.#answer === 'waiting') this.#settle('unanswered');
    // The runner goes back to its own configuration, which may be another than ours.
    if (this.#options.configured) this.#state(this.#options.configured);
  }

  #checkOpen(): void {
    if (this.#closed) throw new TrickleError('aborted', 'the session was closed');
  }
}

/** Of a statement. Perhaps nobody waits for it. */
function outcome(): PromiseWithResolvers<ControlStatus> {
  const settled = Promise.withResolvers<ControlStatus>();
  settled.promise.catch(() => {});
  return settled;
}

/** For a person, so that a long text of the runner's need not be kept. */
function why({ reason, message = '' }: MessageOf<'control_refused'>): ControlStatus['refused'] {
  return { reason: beginningOf(reason, 100), message: beginningOf(message, 1_000) };
}
