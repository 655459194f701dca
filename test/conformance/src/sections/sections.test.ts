import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sections } from './index.ts';

const cases = sections.flatMap((section) => section.cases);
const specification = readFileSync(new URL('../../../../packages/protocol/PROTOCOL.md', import.meta.url), 'utf8');

/** The lines of section 5a to 5e of the list that the suite began with. 67 is about clients. */
const FIRST_LIST = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 20],
  ...[21, 22, 23, 25, 26, 28, 29, 30, 31, 33, 35, 36, 39, 40, 42, 44],
  ...[45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 56, 57, 58, 59, 63, 64, 65, 66],
  ...[69, 70, 71, 72, 74, 76, 77],
];

/** Rows that would take too long on a wire; the tests of @runnel/server are about them. */
const ELSEWHERE = ['| finished segments kept, whatever their size |'];

describe('the suite', () => {
  test('has at least 120 cases, each with an id of its own', () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
    const ids = cases.map(({ id }) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  test('quotes PROTOCOL.md word for word', () => {
    const text = folded(specification);
    expect(cases.filter(({ quote }) => !text.includes(folded(quote))).map(({ id, quote }) => ({ id, quote }))).toEqual(
      [],
    );
  });

  test('has a case for every row of the tables of sections 2 to 5', () => {
    const quotes = cases.map(({ quote }) => folded(quote));
    const rows = tableRows(between('## 2. Addresses', '## 6. Headers')).filter(
      (row) => !ELSEWHERE.some((start) => row.startsWith(start)),
    );
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => !quotes.some((quote) => row.includes(quote)))).toEqual([]);
  });

  test('has a case for every line of the list it began with', () => {
    const ids = cases.map(({ id }) => id);
    const missing = FIRST_LIST.filter(
      (n) => !ids.some((id) => id === `TRICKLE ${n}` || id.startsWith(`TRICKLE ${n} `)),
    );
    expect(missing).toEqual([]);
  });
});

function folded(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function between(start: string, end: string): string {
  return specification.slice(specification.indexOf(start), specification.indexOf(end));
}

/** Rows without the heads of their tables, which are what stands above a line of dashes. */
function tableRows(text: string): string[] {
  const lines = text.split('\n');
  const isRule = (line: string | undefined) => /^\|[-| ]+\|$/.test(line ?? '');
  return lines.filter((line, at) => line.startsWith('|') && !isRule(line) && !isRule(lines[at + 1])).map(folded);
}
