import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DOCUMENT, SPECIFICATION } from './docs.ts';
import { document } from './document.ts';

test('docs/conformance.md is what `npm run docs -w test/conformance` writes', () => {
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(document(readFileSync(SPECIFICATION, 'utf8')));
});
