/** Text can be read on what it stands on: WCAG 2.2, 1.4.3, at least 4.5 to 1. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const css = readFileSync(new URL('../src/style/tokens.css', import.meta.url), 'utf8');
const coloursOf = (block: string) =>
  new Map([...block.matchAll(/--([\w-]+): #(\w{6});/g)].map(([, name, hex]) => [name, hex ?? '']));
const [light = '', dark = ''] = css.split('[data-theme="dark"]');

const PAIRS = [
  ...['text', 'dim', 'faint', 'accent', 'good', 'warn', 'bad', 'idle'].flatMap((name) =>
    ['panel', 'ground', 'raised'].map((on) => [name, on] as const),
  ),
  ...['good', 'warn', 'bad', 'idle', 'accent'].map((name) => [name, `${name}-wash`] as const),
  ['accent-text', 'accent'] as const,
];

it.each([
  ['light', coloursOf(light)],
  ['dark', coloursOf(dark)],
])('in %s', (_, colours) => {
  const poor = PAIRS.map(
    ([name, on]) => `${name} on ${on}: ${contrast(colours.get(name), colours.get(on)).toFixed(2)}`,
  );
  expect(poor.filter((each) => !(Number(each.split(': ')[1]) >= 4.5))).toEqual([]);
});

function contrast(a = '', b = ''): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
