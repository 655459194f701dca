import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { covered, documentNames } from './covered.ts';
import { root } from './processes.ts';

test.each(documentNames)('%s is what `npm run docs -w test/e2e` writes', (name) => {
  const text = covered(name);
  expect(readFileSync(join(root, name), 'utf8')).toBe(text);
  // A pattern that finds nothing would write tables without a test.
  expect(text.match(/^\| 1\.6 \| .+\(\[packages/m)).not.toBeNull();
});
