import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';

const example = fileURLToPath(new URL('../examples/hold.ts', import.meta.url));

test('the README shows the example as it is', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(example, 'utf8')}\`\`\`\n`);
});

test('the example of the README runs', async () => {
  const { url, close } = await serve({ autocreate: true });
  onTestFinished(close);
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', example, url]);
  expect(stdout).toMatch(/^http:\S+: \d+ cases, \d+ passed, 0 failed, \d+ not applicable\n$/);
});
