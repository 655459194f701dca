import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTrickle, DEFAULT_LIMITS } from '@runnel/server';
import { expect, it } from 'vitest';

const here = (path: string) => new URL(`../${path}`, import.meta.url);
const readme = readFileSync(here('README.md'), 'utf8');

it.each(['serve', 'mount'])('the example %s of the README runs and prints what the README says', async (name) => {
  const example = here(`examples/${name}.ts`);
  expect(readme).toContain(readFileSync(example, 'utf8'));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--conditions=source', fileURLToPath(example)], { timeout: 15_000 });
  expect(readme).toContain(`prints\n\n\`\`\`\n${stdout}\`\`\``);
});

it('the README describes every metric and every limit', async () => {
  const metrics = await createTrickle().metrics();
  for (const [, name] of metrics.matchAll(/^# TYPE (\S+)/gm)) expect(readme).toContain(`\`${name}`);
  for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
    expect(readme).toContain(`| \`${name}\` | ${value.toLocaleString('en')} |`);
  }
});
