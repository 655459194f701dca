import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from './command.ts';

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommand(args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

async function server() {
  const serving = await serve({ autocreate: true });
  onTestFinished(serving.close);
  return serving.url;
}

test('asks the server for its features, prints a table, and exits 0 when nothing failed', async () => {
  const { code, out, err } = await run(await server(), '--only', '3.3', '--only', 'TRICKLE 14');
  expect(err).toMatch(/autocreate, .*epochs.*keep=30000/);
  expect(err).not.toMatch(/changefeed|linger/);
  expect(out).toMatch(/^section +case +verdict +expected +came/);
  expect(out).toMatch(/3\.3 +PROTOCOL 3\.3 head +pass /);
  expect(out).toMatch(/PROTOCOL 3\.3 lingering +not applicable .*needs linger/);
  expect(out).toContain('5 cases, 4 passed, 0 failed, 1 not applicable');
  expect(code).toBe(0);
});

test('exits 1 when a case failed, and shows the sentence that was broken', async () => {
  const { code, out } = await run(
    await server(),
    '--features',
    'autocreate,linger',
    '--only',
    'PROTOCOL 3.3 lingering',
  );
  expect(code).toBe(1);
  expect(out).toMatch(/FAIL PROTOCOL 3\.3 lingering\n +expected .*200.*\n +came +404/);
  expect(out).toContain('On a lingering channel also `Lp-Trickle-Closed: terminated`.');
});

test('prints JSON alone with --json', async () => {
  const { out, err } = await run(await server(), '--json', '--features=autocreate', '--only=3.3');
  expect(err).toBe('');
  expect(JSON.parse(out).results).toMatchObject([
    { id: 'PROTOCOL 3.3 head', section: '3.3', verdict: 'pass' },
    {},
    {},
    {},
  ]);
});

test.each([
  [['--help'], 0, /usage: runnel conformance URL/],
  [[], 2, /one URL is needed/],
  [['http://127.0.0.1:9/', '--features', 'teleport'], 2, /"teleport" is no feature/],
  [['http://127.0.0.1:9/', '--nonsense'], 2, /--nonsense/],
  [['http://127.0.0.1:9/'], 2, /ECONNREFUSED/],
])('%j exits %d', async (args, code, text) => {
  const result = await run(...args);
  expect(result.code).toBe(code);
  expect(result.out + result.err).toMatch(text);
});
