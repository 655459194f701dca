import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHART, DOCUMENT, SPECIFICATION } from './docs.ts';
import { chart, document } from './document.ts';

test('docs/conformance.md and its chart are what `npm run docs -w test/conformance` writes', () => {
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(document(readFileSync(SPECIFICATION, 'utf8')));
  expect(readFileSync(CHART, 'utf8')).toBe(chart());
});
