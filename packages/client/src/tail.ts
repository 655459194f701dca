/** The newest lines of text, for a person who looks in. */
import { beginningOf } from './beginning.ts';

export interface Tail {
  /** Adds a line. Control characters are made visible and 4,096 characters are kept of it, so that one line stays one line. Needs no `this`. */
  readonly push: (line: string) => void;
  /** The newest `count` lines, oldest first. */
  last(count: number): readonly string[];
}

/** Keeps the newest `lines` (default 1,000) lines. */
export function createTail({ lines: most = 1000 }: { lines?: number } = {}): Tail {
  let kept: string[] = [];
  return {
    push(line) {
      kept.push(beginningOf(line, MOST_CHARACTERS).replace(CONTROL, visible));
      // Trimmed by the thousand, since taking the first from an array costs the more the longer it is.
      if (kept.length >= most * 2) kept = kept.slice(-most);
    },
    last: (count) => kept.slice(-Math.min(Math.max(1, count), most)),
  };
}

const MOST_CHARACTERS = 4096;
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;
const visible = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
