/** How a sink stands, in one word and a sentence. */
import { ms } from './format.ts';
import type { Standing } from './session-state.ts';
import type { SinkStatus } from './wire.ts';

/** What a healthy sink has been given for longer than this hangs in it. */
const HANGS_MS = 30_000;

/** `now` in milliseconds since 1970. */
export function standingOfSink({ state, error, sendingMs = 0, until }: SinkStatus, now: number): Standing {
  const why = error === undefined ? '' : `: ${error}`;
  const next = until === undefined ? '' : `; next try in ${Math.max(0, Math.ceil((until - now) / 1000))} s`;
  switch (state) {
    case 'paused':
      return { tone: 'bad', word: 'paused', sentence: `Its credentials are refused${why}` };
    case 'backing_off':
      return { tone: 'bad', word: 'backing off', sentence: `What was sent last failed${why}${next}` };
    case 'sending':
      if (sendingMs > HANGS_MS)
        return { tone: 'bad', word: 'hangs', sentence: `It has had a batch in hand for ${ms(sendingMs)}` };
      if (error !== undefined)
        return { tone: 'warn', word: 'trying again', sentence: `What was sent last failed${why}` };
      return { tone: 'good', word: 'sending', sentence: 'A batch is on its way' };
    case 'waiting':
      return { tone: 'good', word: 'collecting', sentence: 'A batch is being filled' };
    case 'idle':
      return { tone: 'idle', word: 'idle', sentence: 'Nothing waits for it' };
  }
}
