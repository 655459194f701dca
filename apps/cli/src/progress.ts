/** What a transfer says about itself on standard error: a line that keeps itself up to date on a terminal, and one line of counts at the end. */
import type { Clock } from '@runnel/protocol';
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 500;

export class Progress {
  bytes = 0;
  segments = 0;
  /** Undefined where lines are not looked at. */
  lines: number | undefined;
  skipped = 0;
  bad = 0;
  /** The seq in hand. */
  seq: number | undefined;
  readonly #verb: string;
  readonly #stderr: Terminal['stderr'];
  readonly #clock: Clock;
  readonly #began: number;
  #drawn: { readonly at: number; readonly bytes: number };
  #stopTimer: () => void = () => {};

  /** `verb` opens the last line: `sent` or `received`. Draws nothing unless standard error is a terminal. */
  constructor(verb: string, stderr: Terminal['stderr'], clock: Clock) {
    this.#verb = verb;
    this.#stderr = stderr;
    this.#clock = clock;
    this.#began = clock.now();
    this.#drawn = { at: this.#began, bytes: 0 };
    if (stderr.isTTY) this.#stopTimer = clock.after(REDRAW_MS, () => this.#draw());
  }

  /** Ends the moving line and writes the counts. */
  finish(): void {
    this.#stopTimer();
    const seconds = (this.#clock.now() - this.#began) / 1000;
    const clear = this.#stderr.isTTY ? '\r\x1b[2K' : '';
    this.#stderr.write(`${clear}${this.#verb} ${this.#counts().join(', ')} in ${seconds.toFixed(1)} s\n`);
  }

  #counts(): string[] {
    const { lines, bytes, segments, skipped, bad } = this;
    return [
      ...(lines === undefined ? [] : [`${lines} lines`]),
      `${bytes} bytes`,
      `${segments} segments`,
      ...(this.#verb === 'received' ? [`${skipped} skipped`] : []),
      ...(bad > 0 ? [`${bad} bad lines`] : []),
    ];
  }

  #draw(): void {
    const now = this.#clock.now();
    const perSecond = ((this.bytes - this.#drawn.bytes) * 1000) / Math.max(1, now - this.#drawn.at);
    this.#drawn = { at: now, bytes: this.bytes };
    const at = this.seq === undefined ? '' : `segment ${this.seq}, `;
    this.#stderr.write(`\r\x1b[2K${at}${this.#counts().join(', ')}, ${readable(perSecond)}/s`);
    this.#stopTimer = this.#clock.after(REDRAW_MS, () => this.#draw());
  }
}

function readable(bytes: number): string {
  if (bytes < 1000) return `${bytes.toFixed(0)} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
