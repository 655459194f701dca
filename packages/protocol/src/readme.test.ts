import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const here = (path: string) => new URL(`../${path}`, import.meta.url);

it('the example of the README runs and prints what the README says', () => {
  const example = here('examples/cut.ts');
  const readme = readFileSync(here('README.md'), 'utf8');
  expect(readme).toContain(readFileSync(example, 'utf8'));
  const printed = execFileSync(process.execPath, ['--conditions=source', fileURLToPath(example)], { encoding: 'utf8' });
  expect(readme).toContain(printed);
});
