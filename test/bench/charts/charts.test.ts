import { expect, test } from 'vitest';
import { bars, grid, lines } from './index.ts';

test('a bar is as long as its value is large, and ours is in colour', () => {
  const svg = bars({
    title: 't',
    bars: [
      { name: 'a', value: 10, ours: true },
      { name: 'b', value: 5 },
    ],
  });

  const widths = [...svg.matchAll(/class="(ours|bar)".*?width="([\d.]+)"/g)].map(([, style, width]) => [
    style,
    Number(width),
  ]);
  expect(widths).toEqual([
    ['ours', 460],
    ['bar', 230],
  ]);
});

test('bars begin where the longest name ends', () => {
  const startOf = (name: string) =>
    Number(/<rect class="bar" x="([\d.]+)"/.exec(bars({ title: 't', bars: [{ name, value: 1 }] }))?.[1]);

  expect(startOf('431 Request Header Fields Too Large')).toBeGreaterThan(startOf('short') + 40);
});

test('what is text stays text', () => {
  expect(bars({ title: '<b> & "c"', bars: [] })).toContain('&lt;b&gt; &amp; &quot;c&quot;');
});

test('a grid has a word in each cell, a colour for each word, and counts them by group', () => {
  const svg = grid({
    title: 't',
    words: ['good', 'bad'],
    columns: [
      { group: 'g', name: 'first try' },
      { group: 'g', name: 'second' },
    ],
    rows: [
      { group: 'one', name: 'a', cells: ['good', 'bad'] },
      { group: 'two', name: 'b', cells: ['good', undefined] },
    ],
  });

  const cells = [...svg.matchAll(/x="([\d.]+)" y="([\d.]+)".* fill="(#\w+)"\/>\n.*>(\w+)<\/text>/g)];
  const [a, b, c] = cells.map(([, x, y, fill, word]) => ({ x, y, fill, word }));
  expect([a?.word, b?.word, c?.word, cells.length]).toEqual(['good', 'bad', 'good', 3]);
  expect([a?.y, a?.fill, a?.fill]).toEqual([b?.y, c?.fill, expect.not.stringMatching(`^${b?.fill}$`)]);
  expect(a?.x).toBe(c?.x);
  expect(svg).toContain('>1 good, 1 bad<');
  expect(svg).toContain('>1 good<');
});

test('a subtitle may have several lines, and what is below a grid’s moves down', () => {
  const rowOf = (subtitle: string) =>
    Number(
      /y="(\d+)"[^>]*>the row</.exec(
        grid({ title: 't', subtitle, words: [], columns: [], rows: [{ group: 'g', name: 'the row', cells: [] }] }),
      )?.[1],
    );

  expect(rowOf('one\ntwo') - rowOf('one')).toBeGreaterThan(12);
});

test('axes have round numbers', () => {
  const points = Array.from({ length: 120 }, (_, n) => [0.5 + n / 2, 455 + n / 100] as const);
  const svg = lines({ title: 't', x: 'minutes', series: [{ name: 's', points }] });

  const ticks = [...svg.matchAll(/class="tick" text-anchor="(end|middle)">([\d,.]+)/g)];
  expect(ticks.filter(([, at]) => at === 'end').map(([, , number]) => number)).toEqual([
    '0',
    '100',
    '200',
    '300',
    '400',
    '500',
  ]);
  expect(ticks.filter(([, at]) => at === 'middle').map(([, , number]) => number)).toEqual([
    '10',
    '20',
    '30',
    '40',
    '50',
    '60',
  ]);
});

test('on a logarithmic axis each power of ten is as wide as the next', () => {
  const svg = lines({
    title: 't',
    x: 'n',
    logX: true,
    series: [
      {
        name: 's',
        points: [
          [1, 1],
          [10, 1],
          [100, 1],
        ],
      },
    ],
  });

  const [a = 0, b = 0, c = 0] = [...svg.matchAll(/circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(c - b).toBeCloseTo(b - a);
  expect(b).toBeGreaterThan(a);
});
