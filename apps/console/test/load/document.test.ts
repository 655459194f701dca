import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { documentOf } from './document.ts';

it('docs/console.md and its charts say what was recorded', async () => {
  for (const [name, text] of Object.entries(await documentOf()))
    expect(await readFile(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8'), name).toBe(text);
});
