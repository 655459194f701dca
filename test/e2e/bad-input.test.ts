/** Garbage on one session's events channel, while another session works beside it: through the real server and the real relay. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JSONL } from '@runnel/protocol';
import { createPublisher, type Publisher } from '@runnel/pubsub';
import { afterEach, expect, test } from 'vitest';
import { killAll, startRunnel, startScript, until } from './processes.ts';

afterEach(killAll);

const garbage: Record<string, Buffer> = {
  'no JSON': Buffer.from('nonsense\n{"a":\n\u0000\n'),
  'no objects': Buffer.from('null\n[1]\n"text"\n7\n'),
  'no UTF-8': Buffer.concat([Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a]), Buffer.from('{"type":"\xff"}\n', 'latin1')]),
  binary: Buffer.concat([randomBytes(100_000), Buffer.from('\n')]),
  'no telemetry': Buffer.from(
    ['null', '"text"', '[]', '{}', '{"data":[]}', '{"id":7,"data":{}}']
      .map((event) => `{"type":"telemetry","event":${event}}\n`)
      .join(''),
  ),
  'a wrong type, or none': Buffer.from('{}\n{"type":7}\n{"type":"from the future"}\n{"type":"losses","epoch":7}\n'),
  'deep nesting': Buffer.from(
    `{"type":"telemetry","event":{"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}\n`,
  ),
  'strange numbers': Buffer.from(
    '{"type":"telemetry","epoch":"00000000","seq":1e400,"event":{"data":{}}}\n{"type":"telemetry","epoch":"00000000","seq":-1,"event":{"data":{}}}\n',
  ),
  'an endless line': Buffer.alloc(6 * 1024 * 1024, 'x'),
};

test('one session is disturbed, the other never notices, and both go on', { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-garbage-'));
  const file = join(folder, 'events.ndjson');
  const server = startRunnel(['serve', '--port', '0', '--json', '--linger-ms', '30000']);
  const { url } = JSON.parse((await server.said(/^\{.*\}$/m))[0]);
  const relay = startRunnel(['relay', url, '--session', 'good', 'bad', '--port', '0', '--file', file]);
  await relay.said(/status at (\S+)/);

  const good = startScript('emitter.ts', [url, 'good', '3000', '500']);
  const bad = createPublisher(`${url}bad-events`, { mime: JSONL, create: true });
  const told: string[] = [];
  for (const [name, bytes] of Object.entries(garbage)) {
    await send(bad, bytes).catch((error) => told.push(`${name}: ${error.code}`));
  }
  // The server refuses what no reader would take; everything else is the relay's to skip.
  expect(told).toEqual(['an endless line: too_large']);
  await send(bad, Buffer.from('{"type":"telemetry","event":{"id":"after","data":{"type":"after","n":-1}}}\n'));

  expect(await good.ended, good.stderr).toEqual({ code: 0, signal: null });
  const events = await until('3,001 events', async () => {
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    return lines.length >= 3001 && lines.map((line) => JSON.parse(line));
  });
  const numbers = events.map((event) => event.data.n);
  expect(numbers.filter((n) => n > 0)).toEqual(Array.from({ length: 3000 }, (_, n) => n + 1));
  expect(numbers.filter((n) => n === -1)).toEqual([-1]);

  relay.kill('SIGTERM');
  expect(await relay.ended, relay.stderr).toEqual({ code: 0, signal: null });
  await bad.close();
  await rm(folder, { recursive: true, force: true });
});

async function send(publisher: Publisher, bytes: Buffer): Promise<void> {
  const segment = await publisher.open();
  for (let at = 0; at < bytes.length; at += 65_536) {
    if (!segment.write(bytes.subarray(at, at + 65_536))) await segment.drained();
  }
  await segment.end();
}
