import { expect, test } from 'vitest';
import { Oracle } from './oracle.ts';

const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => `s-${from + at}`);
const rows = (from: number, to: number) => ids(from, to).map((id, at) => ({ n: from + at, id }));

function oracle(): Oracle {
  const made = new Oracle();
  made.committed(rows(1, 10));
  return made;
}

test('the batch in flight may come again after an interruption, whole or in parts', () => {
  const it = oracle();
  it.taken(ids(1, 4));
  it.interrupted();
  it.taken(ids(1, 2));
  it.interrupted();
  it.taken(ids(1, 10));
  expect(it.verdict()).toEqual({
    committed: 10,
    arrived: 10,
    lost: [],
    duplicates: 6,
    mostDuplicates: 4,
    gaps: 0,
    problems: [],
  });
});

test('what is lost, comes again for no reason or too early, or is committed twice is a problem', () => {
  const lost = oracle();
  lost.taken(ids(1, 9));
  expect(lost.verdict()).toMatchObject({ lost: ['s-10'], problems: [expect.stringContaining('lost')] });

  const again = oracle();
  again.taken(ids(1, 5));
  again.taken(ids(6, 10));
  again.interrupted();
  again.taken(ids(5, 10));
  expect(again.verdict().problems).toEqual(['s-5 came again, and was not in the batch in flight']);

  const late = oracle();
  late.taken(ids(1, 5));
  late.interrupted();
  late.taken(ids(6, 10));
  late.taken(['s-5']);
  expect(late.verdict().problems).toEqual(['s-5 came again, and was not in the batch in flight']);

  const disorder = oracle();
  disorder.taken([...ids(1, 4), ...ids(6, 10), 's-5']);
  expect(disorder.verdict().problems).toEqual(['s-6 came first after s-4', 's-5 came first after s-10']);

  const twice = oracle();
  twice.committed([{ n: 12, id: 's-1' }]);
  expect(twice.verdict().problems.slice(0, 2)).toEqual([
    'row 12 of the journal comes after 10',
    's-1 was committed twice',
  ]);
});
