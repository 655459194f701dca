/** The books of a session hop by hop, each an equation that holds or does not. PROTOCOL.md section 8.4, HOUSE: the byte's path. */
import { sumOf } from './session-state.ts';
import type { FeedStatus, SessionStatus, Start } from './wire.ts';

export interface Term {
  readonly name: string;
  readonly count: number;
  /** By reason, where it is a sum. */
  readonly parts?: Readonly<Record<string, number>>;
  /** Whether anything but 0 is worth a look. */
  readonly isLoss?: boolean;
}

export interface Hop {
  readonly where: string;
  readonly what: string;
  readonly whole: Term;
  readonly terms: readonly Term[];
  /** The whole less its terms: 0 where it balances. Undefined: not known yet. */
  readonly off: number | undefined;
  /** What to know about it beside the figures. */
  readonly remark?: string;
}

export function ledgerOf(session: SessionStatus, { sinks }: Pick<FeedStatus, 'sinks'>): Hop[] {
  const newest = session.starts.at(-1);
  return [
    ...(newest ? [runnerHop(newest), channelHop(newest)] : []),
    relayHop(session),
    linesHop(session),
    ...sinks.map(
      ({ sink, in: taken, out, pending, dropped }): Hop =>
        hop('sink', `${sink}, all sessions`, { name: 'in', count: taken }, [
          { name: 'delivered', count: out },
          { name: 'pending', count: pending },
          { name: 'dropped', count: sumOf(dropped), parts: known(dropped), isLoss: true },
        ]),
    ),
  ];
}

/** Whether every hop does, as far as is known. */
export const balances = (hops: readonly Hop[]) => hops.every(({ off }) => !off);

function runnerHop({ epoch, report, state }: Start): Hop {
  const what = `start ${epoch}`;
  const killed = 'It was killed: what it emitted after this report is not known';
  if (!report) {
    return {
      where: 'runner',
      what,
      whole: { name: 'emitted', count: 0 },
      terms: [],
      off: undefined,
      remark: state === 'unreported' ? 'It was killed before its first report' : 'Its first report has not come yet',
    };
  }
  const { emitted, written, pending, dropped } = report;
  const terms = [
    { name: 'written', count: written },
    { name: 'pending', count: Math.max(0, pending) },
    { name: 'dropped', count: sumOf(dropped), parts: dropped, isLoss: true },
  ];
  return {
    ...hop('runner', what, { name: 'emitted', count: emitted }, terms),
    ...(state === 'unreported' && { remark: killed }),
  };
}

function channelHop({ epoch, lastSeq, received, missed, lost }: Start): Hop {
  const terms = [
    { name: 'received', count: received },
    { name: 'missed before', count: missed.before, isLoss: true },
    { name: 'missed later', count: missed.gap, isLoss: true },
  ];
  const remark =
    lost > 0 ? `${lost} written by the runner did not come: lost on the channel, or dropped by it unseen` : undefined;
  return {
    ...hop('channel', `start ${epoch}`, { name: 'newest seq', count: lastSeq }, terms),
    ...(remark && { remark }),
  };
}

function relayHop({ telemetry }: SessionStatus): Hop {
  return hop('relay', 'telemetry of this session', { name: 'in', count: telemetry.in }, [
    { name: 'relayed', count: telemetry.relayed },
    { name: 'replay', count: telemetry.replay },
    { name: 'malformed', count: telemetry.malformed, isLoss: true },
    { name: 'no consent', count: telemetry.withheld, isLoss: true },
  ]);
}

function linesHop({ lines, telemetry, messages }: SessionStatus): Hop {
  const { byType, invalid, unknown } = messages;
  return hop('relay', 'lines of this session', { name: 'lines', count: lines }, [
    { name: 'telemetry', count: telemetry.in },
    { name: 'messages', count: sumOf(byType), parts: known(byType) },
    { name: 'invalid', count: invalid, isLoss: true },
    { name: 'unknown', count: unknown },
  ]);
}

function hop(where: string, what: string, whole: Term, terms: readonly Term[]): Hop {
  return { where, what, whole, terms, off: whole.count - terms.reduce((sum, { count }) => sum + count, 0) };
}

const known = (counts: Readonly<Record<string, number | undefined>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).flatMap(([name, n]) => (n === undefined ? [] : [[name, n]])));
