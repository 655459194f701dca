/** A bar on standard error, for work of which one knows how much there is. Draws nothing unless that is a terminal. */
import type { Clock } from '@runnel/protocol';
import type { Terminal } from './terminal.ts';

const WIDTH = 30;
const REDRAW_MS = 100;

export class Bar {
  readonly #stderr: Terminal['stderr'];
  readonly #clock: Clock;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(stderr: Terminal['stderr'], clock: Clock) {
    this.#stderr = stderr;
    this.#clock = clock;
  }

  /** Needs no `this`. */
  readonly draw = (done: number, total: number): void => {
    const now = this.#clock.now();
    if (!this.#stderr.isTTY || total === 0 || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const share = Math.min(1, done / total);
    const full = '='.repeat(Math.round(share * WIDTH));
    this.#stderr.write(`\r\x1b[2K[${full.padEnd(WIDTH)}] ${Math.floor(share * 100)} % of ${total}`);
  };

  /** Takes the bar away. */
  finish(): void {
    if (Number.isFinite(this.#drawnAt)) this.#stderr.write('\r\x1b[2K');
  }
}
