import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Header } from './wire.ts';

it('no other source spells a header: its words have one owner', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const sources = globSync('{packages,apps}/*/src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts'));
  const spelled = sources.filter((path) => /['"`]Lp-Trickle/i.test(readFileSync(root + path, 'utf8')));
  expect(spelled).toEqual(['packages/protocol/src/wire.ts']);
});

it('PROTOCOL 6: the specification lists every header', () => {
  const spec = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8');
  const table = spec.slice(spec.indexOf('## 6. Headers'), spec.indexOf('## 7.'));
  for (const name of Object.values(Header)) expect(table).toContain(`\`${name}\``);
});
