import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killAll, root, startScript } from './processes.ts';

const readme = await readFile(join(root, 'README.md'), 'utf8');
const example = await readFile(join(import.meta.dirname, 'example.ts'), 'utf8');

test('the README shows the example as it is, and it has at most 20 lines', () => {
  const shown = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(shown).toEqual([example]);
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
});

test('the example runs: server, runner and client in one process, and it ends by itself', async () => {
  const process = startScript('example.ts', []);
  expect(await process.ended, process.stderr).toEqual({ code: 0, signal: null });
  expect(process.stderr).toBe('');
  expect(process.stdout).toMatch(/^TELEMETRY type=stream_started id=[\w-]+ session=demo .*relayed_via=trickle/);
  killAll();
});

test('every file and folder that the README links to is there', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path ?? '');
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((path) => !path.startsWith('https://') && !existsSync(join(root, path)))).toEqual([]);
});

test('every npm script that the README names exists', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const named = [...readme.matchAll(/npm (?:run )?(dev|test|bench|e2e:\w+)\b/g)].map(([, name]) => name ?? '');
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
  expect(named).toContain('dev');
});

test('every package and app is in the table, and has a README of its own', async () => {
  for (const floor of ['packages', 'apps']) {
    for (const name of await readdir(join(root, floor))) {
      expect(readme).toContain(`(${floor}/${name})`);
      expect(existsSync(join(root, floor, name, 'README.md')), `${floor}/${name}/README.md`).toBe(true);
    }
  }
});
