/** How a session stands, in one word and a sentence, from everything that is known of it. */
import type { ServerChannel, SessionStatus } from './wire.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'idle';

export interface Standing {
  readonly tone: Tone;
  readonly word: string;
  readonly sentence: string;
}

/** Reports, pongs and heartbeats come every 10 s: a runner that says nothing for longer than two of them is not well. */
const QUIET_MS = 25_000;

/** `events`: the session's events channel as the server lists it, if it does. `quietMs`: for how long no line has come. */
export function standingOf(session: SessionStatus, events?: ServerChannel, quietMs = 0): Standing {
  const { state, starts } = session;
  const newest = starts.at(-1);
  if (state === 'connecting')
    return { tone: 'warn', word: 'connecting', sentence: 'The trickle server has not been reached' };
  if (newest?.state === 'unreported') {
    return {
      tone: 'bad',
      word: 'killed',
      sentence: 'The runner ended without its last report: what it had in hand is not known',
    };
  }
  if (newest?.state === 'finished')
    return { tone: 'idle', word: 'ended', sentence: 'The runner ended with its last report' };
  if (state === 'waiting')
    return { tone: 'warn', word: 'waiting', sentence: 'The server is there, and nothing has come from a runner' };
  if (events?.writers === 0) {
    return { tone: 'bad', word: 'runner gone', sentence: 'Nobody is connected to write the events channel' };
  }
  if (quietMs > QUIET_MS)
    return { tone: 'warn', word: 'silent', sentence: 'The runner is connected, and says nothing' };
  return { tone: 'good', word: 'live', sentence: 'Events are being read' };
}

/** What of a session's events is known not to have come, or not to have been emitted, by reason. */
export function lossesOf(session: SessionStatus): [reason: string, count: number][] {
  const reasons = new Map<string, number>();
  const add = (reason: string, n = 0) => n > 0 && reasons.set(reason, (reasons.get(reason) ?? 0) + n);
  for (const { report } of session.starts) {
    for (const [reason, n] of Object.entries(report?.dropped ?? {})) add(reason, n);
  }
  add('lost on the channel', session.sums.lost);
  for (const [reason, n] of Object.entries(session.badLines)) add(reason, n);
  add('malformed', session.telemetry.malformed);
  add('no consent', session.telemetry.withheld);
  return [...reasons].sort((a, b) => b[1] - a[1]);
}

export const sumOf = (counts: Readonly<Record<string, number | undefined>>) =>
  Object.values(counts).reduce<number>((sum, n) => sum + (n ?? 0), 0);
