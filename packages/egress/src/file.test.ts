import { existsSync, statSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Envelope } from '@runnel/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSink } from './file.ts';

let folder: string;
let path: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnel-file-'));
  path = join(folder, 'events.ndjson');
});
afterEach(() => rm(folder, { recursive: true }));

const envelope = (text: string): Envelope => ({
  id: undefined,
  bytes: new TextEncoder().encode(text),
  session: 's',
  relayedVia: 'trickle',
  receivedAt: 0,
});

test('EGRESS 1.5: the bytes of each envelope become one line, as they are', async () => {
  const odd = '{ "b":1.0,\t"2":12345678901234567890, "1":"\\u00e9 é" , "data":{} }';
  const sink = fileSink({ path });
  await sink.send([envelope(odd), envelope('{"data":{}}')], signal);
  await sink.send([envelope('{"data":{"n":2}}')], signal);
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe(`${odd}\n{"data":{}}\n{"data":{"n":2}}\n`);
});

test('what is acknowledged can be read before the sink is closed', async () => {
  const sink = fileSink({ path });
  await sink.send([envelope('{"data":{}}')], signal);
  expect(await readFile(path, 'utf8')).toBe('{"data":{}}\n');
  await sink.close();
});

test('a file that is there is appended to, and a line that a dead process left half is ended first', async () => {
  await writeFile(path, '{"data":{"n":1}}\n{"data":{"n":');
  const sink = fileSink({ path });
  await sink.send([envelope('{"data":{"n":3}}')], signal);
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('{"data":{"n":1}}\n{"data":{"n":\n{"data":{"n":3}}\n');
});

test('a batch that is aborted halfway rejects and leaves nothing of itself behind', async () => {
  const sink = fileSink({ path });
  await sink.send([envelope('{"data":{"n":1}}')], signal);
  const before = statSync(path).size;
  const controller = new AbortController();
  const big = envelope(`{"data":{"pad":"${'x'.repeat(16_000_000)}"}}`);
  const sent = sink.send([big, big], controller.signal);
  while (statSync(path).size === before) await new Promise(setImmediate);
  controller.abort();
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  await sink.send([envelope('{"data":{"n":2}}')], signal);
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('{"data":{"n":1}}\n{"data":{"n":2}}\n');
});

test('a folder that is missing rejects with the reason, and the batch goes out once it can be opened', async () => {
  const sink = fileSink({ path: join(folder, 'later', 'events.ndjson') });
  await expect(sink.send([envelope('{"data":{}}')], signal)).rejects.toMatchObject({ code: 'ENOENT' });
  await mkdir(join(folder, 'later'));
  await sink.send([envelope('{"data":{}}')], signal);
  await sink.close();
  expect(await readFile(join(folder, 'later', 'events.ndjson'), 'utf8')).toBe('{"data":{}}\n');
});

test.runIf(existsSync('/dev/full'))(
  'a full disk rejects with ENOSPC, every time, and closing is still fine',
  async () => {
    const sink = fileSink({ path: '/dev/full' });
    for (let round = 0; round < 3; round++) {
      await expect(sink.send([envelope('{"data":{}}')], signal)).rejects.toMatchObject({ code: 'ENOSPC' });
    }
    await sink.close();
  },
);

test('lines that another program appends meanwhile stay whole', async () => {
  const sink = fileSink({ path });
  await sink.send([envelope('{"data":{"n":1}}')], signal);
  await appendFile(path, '{"other":true}\n');
  await sink.send([envelope('{"data":{"n":2}}')], signal);
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('{"data":{"n":1}}\n{"other":true}\n{"data":{"n":2}}\n');
});

test('a file that is full is put aside under the next number, and no batch is in two files', async () => {
  const sink = fileSink({ path, rotateBytes: 40 });
  const batches = [1, 2, 3, 4].map((n) => [envelope(`{"data":{"n":${n}}}`), envelope('{"data":{}}')]);
  for (const batch of batches) await sink.send(batch, signal);
  await sink.send([envelope(`{"data":{"big":"${'x'.repeat(100)}"}}`)], signal);
  await sink.close();
  const text = (n: number) => `{"data":{"n":${n}}}\n{"data":{}}\n`;
  expect((await readdir(folder)).toSorted()).toEqual(
    [1, 2, 3, 4].map((n) => `events.ndjson.${n}`).toSpliced(0, 0, 'events.ndjson'),
  );
  for (const n of [1, 2, 3, 4]) expect(await readFile(`${path}.${n}`, 'utf8')).toBe(text(n));
  expect(await readFile(path, 'utf8')).toContain('"big"');
});

test('numbers go on after a restart, and only as many files are kept as was asked', async () => {
  await writeFile(`${path}.9`, 'old');
  await writeFile(`${path}.10`, 'newer');
  await writeFile(`${path}.txt`, 'of somebody else');
  for (let n = 1; n <= 3; n++) {
    const sink = fileSink({ path, rotateBytes: 1, keep: 2 });
    await sink.send([envelope(`{"data":{"n":${n}}}`)], signal);
    await sink.close();
  }
  expect((await readdir(folder)).toSorted()).toEqual(['', '.11', '.12', '.txt'].map((end) => `events.ndjson${end}`));
  expect(await readFile(`${path}.12`, 'utf8')).toBe('{"data":{"n":2}}\n');
});
