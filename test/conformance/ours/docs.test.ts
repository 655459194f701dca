import { expect, test } from 'vitest';
import { files, written } from './docs.ts';

test.each(Object.entries(files()))('docs/%s is what `npm run docs -w test/conformance` writes', (name, text) => {
  expect(written(name)).toBe(text);
});

test('docs/conformance.md shows every chart', () => {
  const charts = Object.keys(files()).filter((name) => name.endsWith('.svg'));
  for (const name of charts) expect(files()['conformance.md']).toContain(`](${name})`);
});
