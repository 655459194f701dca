import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Starts } from './starts.ts';

/** Lines of a runner as they may come: some lost, some twice, some again later; and its report behind what it had written. */
const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('aaaaaaaa', 'bbbbbbbb', 'cccccccc')), {
  maxLength: 200,
});

test('PROTOCOL 8.3: whatever comes, lastSeq = received + missed for each start, and each event counts once', () => {
  fc.assert(
    fc.property(runs, (lines) => {
      const starts = new Starts();
      const taken = lines.filter(([seq, epoch]) => starts.receive(epoch, seq)).map(([seq, epoch]) => `${epoch} ${seq}`);
      expect(new Set(taken).size).toBe(taken.length);
      for (const { lastSeq, received, missed } of starts.books)
        expect(lastSeq).toBe(received + missed.before + missed.gap);
      expect(starts.sums.received).toBe(taken.length);
    }),
  );
});

test('PROTOCOL 8.4: of events written in order and partly lost, `lost` and `missed` are what did not come', () => {
  const fates = fc.array(fc.constantFrom('comes', 'lost', 'dropped'), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(fates, (events) => {
      const starts = new Starts();
      const count = (fate: string) => events.filter((each) => each === fate).length;
      for (const [at, fate] of events.entries()) if (fate === 'comes') starts.receive('aaaaaaaa', at + 1);
      const [emitted, dropped] = [events.length, { queue_overflow: count('dropped') }];
      starts.report({
        type: 'losses',
        epoch: 'aaaaaaaa',
        emitted,
        written: emitted - count('dropped'),
        dropped,
        last: true,
      });
      const [book] = starts.books;
      expect(book).toMatchObject({
        received: count('comes'),
        lost: count('lost'),
        state: 'finished',
        report: { pending: 0 },
      });
    }),
  );
});

test('a client that was started in between goes on with the sums of the one before', () => {
  const before = new Starts();
  for (const seq of [1, 2, 5]) before.receive('aaaaaaaa', seq);
  const after = new Starts(before.newest);
  expect(after.receive('aaaaaaaa', 5)).toBe(false);
  expect(after.receive('aaaaaaaa', 7)).toBe(true);
  after.report({ type: 'losses', epoch: 'aaaaaaaa', emitted: 7, written: 6, dropped: { queue_overflow: 1 } });
  expect(after.books).toMatchObject([{ received: 4, lastSeq: 7, missed: { gap: 3 }, lost: 2 }]);
});

test.each([
  ['with its last report', { last: true }, false, 'finished'],
  ['with nothing pending, and the channel ended', {}, true, 'finished'],
  ['with nothing pending, while the channel goes on', {}, false, 'running'],
  ['with something pending, and the channel ended', { emitted: 5 }, true, 'unreported'],
])('PROTOCOL 8.4: a start %s', (_, more, channelEnds, state) => {
  const starts = new Starts();
  starts.receive('aaaaaaaa', 1);
  starts.report({ type: 'losses', epoch: 'aaaaaaaa', emitted: 1, written: 1, dropped: {}, ...more });
  if (channelEnds) starts.channelEnded();
  expect(starts.books[0]?.state).toBe(state);
});

test('a start that goes on after its channel ended is running again', () => {
  const starts = new Starts();
  starts.receive('aaaaaaaa', 1);
  starts.channelEnded();
  expect(starts.books[0]?.state).toBe('unreported');
  starts.receive('aaaaaaaa', 2);
  expect(starts.books[0]?.state).toBe('running');
});

test('a report that is older than the one known changes nothing', () => {
  const starts = new Starts();
  starts.report({ type: 'losses', epoch: 'aaaaaaaa', emitted: 9, written: 9, dropped: {} });
  starts.report({ type: 'losses', epoch: 'aaaaaaaa', emitted: 4, written: 4, dropped: {} });
  expect(starts.books[0]?.report?.emitted).toBe(9);
});

test('PROTOCOL 8.4: a reason that comes over the wire may be called as anything that objects have', () => {
  const starts = new Starts();
  const dropped = { constructor: 2, toString: 1 };
  for (const epoch of ['aaaaaaaa', 'bbbbbbbb'])
    starts.report({ type: 'losses', epoch, emitted: 3, written: 0, dropped: dropped as Record<string, number> });
  expect(Object.entries(starts.dropped)).toEqual([
    ['constructor', 4],
    ['toString', 2],
  ]);
});
