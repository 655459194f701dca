import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sessionChannels } from '@runnel/protocol';
import { readJsonl } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const example = here('examples/stream.ts');

it('the example of the README runs, and its events are on the channel', async () => {
  const server = await serve({ autocreate: true, lingerMs: 60_000 });
  const env = { ...process.env, RUNNEL_URL: server.url, RUNNEL_SESSION: 'demo' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=source', example], { env });
  expect(stderr).toBe('');
  expect(stdout).toContain('written: 2');
  const types: unknown[] = [];
  for await (const lines of readJsonl(server.url + sessionChannels('demo').events, { from: 'oldest' })) {
    types.push(...lines.map(({ value }) => value.type));
  }
  expect(types).toStrictEqual(['runner_ready', 'telemetry', 'telemetry', 'losses']);
  await server.close();
});

it('the README shows the example as it is', async () => {
  expect(await readFile(here('README.md'), 'utf8')).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\`\n`);
});
