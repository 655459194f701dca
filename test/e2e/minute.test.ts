/** 1,000 events a second through server, runner and relay, each a process of its own. RUNNEL_E2E_SECONDS says for how long. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAll, startRunnel, startScript, until } from './processes.ts';

const seconds = Number(process.env.RUNNEL_E2E_SECONDS ?? 10);
const count = seconds * 1000;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnel-minute-'));
});

afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true });
});

test(`1,000 events a second for ${seconds} s arrive complete, in order, once`, {
  timeout: seconds * 1000 + 60_000,
}, async () => {
  const server = startRunnel(['serve', '--port', '0', '--json', '--linger-ms', '30000']);
  const { url } = JSON.parse((await server.said(/^\{.*\}$/m))[0]);
  const file = join(folder, 'events.ndjson');
  const relay = startRunnel(['relay', url, '--session', 'minute', '--port', '0', '--file', file]);
  await relay.said(/status at http/);

  const emitter = startScript('emitter.ts', [url, 'minute', `${count}`, '1000']);
  expect(await emitter.ended, emitter.stderr).toEqual({ code: 0, signal: null });
  expect(JSON.parse(emitter.stdout)).toMatchObject({ emitted: count, written: count, pending: 0 });

  const arrived = await until(`${count} events in the file`, async () => {
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    return lines.length >= count && lines;
  });
  expect(arrived.map((line) => JSON.parse(line).data.n)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  expect(new Set(arrived.map((line) => JSON.parse(line).id)).size).toBe(count);

  relay.kill('SIGTERM');
  expect(await relay.ended).toEqual({ code: 0, signal: null });
  server.kill('SIGTERM');
  expect(await server.ended).toEqual({ code: 0, signal: null });
});
