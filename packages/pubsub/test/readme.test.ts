import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';

const here = (path: string) => new URL(`../${path}`, import.meta.url);

test('the example of the README runs and prints what the README says', async () => {
  const example = here('examples/lines.ts');
  const readme = readFileSync(here('README.md'), 'utf8');
  expect(readme).toContain(readFileSync(example, 'utf8'));
  const server = await serve({ autocreate: true });
  onTestFinished(() => server.close());
  const args = ['--conditions=source', fileURLToPath(example), `${server.url}greetings`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(readme).toContain(`prints\n\n\`\`\`\n${stdout}\`\`\``);
});
