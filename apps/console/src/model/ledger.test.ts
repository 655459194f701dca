import { expect, it } from 'vitest';
import { balances, ledgerOf } from './ledger.ts';
import { lossesOf, standingOf } from './session-state.ts';
import type { ServerChannel, SessionStatus, SinkStatus, Start } from './wire.ts';

const start = (of: Partial<Start> = {}): Start => ({
  epoch: '0a1b2c3d',
  received: 88,
  lastSeq: 90,
  missed: { before: 0, gap: 2 },
  report: { emitted: 95, written: 90, dropped: { queue_overflow: 2 }, pending: 3 },
  lost: 0,
  state: 'running',
  ...of,
});

/** Of the members that the ledger and the state read. */
const session = (of: Partial<SessionStatus> = {}): SessionStatus =>
  ({
    id: 'demo',
    state: 'live',
    lines: 95,
    badLines: {},
    segmentsSkipped: 0,
    telemetry: { in: 90, relayed: 88, malformed: 1, replay: 1, withheld: 0 },
    messages: { byType: { losses: 3, pong: 1 }, invalid: 0, unknown: 1, handlerFailures: 0 },
    starts: [start()],
    sums: { starts: 1, received: 88, missed: 2, lost: 0, unreported: 0 },
    ...of,
  }) as SessionStatus;

const sink = (of: Partial<SinkStatus> = {}): SinkStatus =>
  ({ sink: 'archive', in: 88, out: 80, pending: 6, dropped: { refused: 2 }, ...of }) as SinkStatus;

const offs = (one: SessionStatus, sinks = [sink()]) => ledgerOf(one, { sinks }).map(({ where, off }) => [where, off]);

it('is balanced at every hop where nothing is amiss', () => {
  expect(offs(session())).toEqual([
    ['runner', 0],
    ['channel', 0],
    ['relay', 0],
    ['relay', 0],
    ['sink', 0],
  ]);
  expect(balances(ledgerOf(session(), { sinks: [sink()] }))).toBe(true);
});

it.each([
  [
    'runner',
    session({ starts: [start({ report: { emitted: 95, written: 96, dropped: {}, pending: -1 } })] }),
    [sink()],
    -1,
  ],
  ['channel', session({ starts: [start({ lastSeq: 91 })] }), [sink()], 1],
  ['relay', session({ telemetry: { in: 90, relayed: 80, malformed: 1, replay: 1, withheld: 0 } }), [sink()], 8],
  ['sink', session(), [sink({ out: 79 })], 1],
])('says at which hop it does not balance: %s', (where, one, sinks, off) => {
  expect(offs(one, sinks)).toContainEqual([where, off]);
  expect(balances(ledgerOf(one, { sinks }))).toBe(false);
});

it('does not claim a balance for a runner that has not reported, and says when one was killed', () => {
  const [hop] = ledgerOf(session({ starts: [start({ report: undefined, state: 'unreported' })] }), { sinks: [] });
  expect(hop).toMatchObject({ off: undefined, remark: 'It was killed before its first report' });
});

it('adds up what was lost by reason', () => {
  const one = session({
    badLines: { truncated: 1 },
    sums: { starts: 1, received: 88, missed: 2, lost: 4, unreported: 0 },
  });
  expect(lossesOf(one)).toEqual([
    ['lost on the channel', 4],
    ['queue_overflow', 2],
    ['truncated', 1],
    ['malformed', 1],
  ]);
});

it('tells how a session stands', () => {
  const writers = (n: number) => ({ name: 'demo-events', writers: n }) as ServerChannel;
  const word = (one: SessionStatus, channel?: ServerChannel, quietMs?: number) =>
    standingOf(one, channel, quietMs).word;
  expect(word(session())).toBe('live');
  expect(word(session(), writers(0))).toBe('runner gone');
  expect(word(session(), writers(1), 60_000)).toBe('silent');
  expect(word(session({ starts: [start({ state: 'unreported' })] }))).toBe('killed');
  expect(word(session({ starts: [start({ state: 'finished' })] }), writers(0))).toBe('ended');
  expect(word(session({ state: 'waiting', starts: [] }))).toBe('waiting');
  expect(word(session({ state: 'connecting' }))).toBe('connecting');
});
