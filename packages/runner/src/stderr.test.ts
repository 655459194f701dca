import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { readStderrLine } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { createRunner } from './index.ts';

function start() {
  const written: string[] = [];
  const runner = createRunner({ session: 's', stderr: (text) => void written.push(text) });
  const lines = () => written.join('').split('\n').slice(0, -1);
  return { runner, written, lines, read: () => lines().map(readStderrLine) };
}

it('EGRESS 4.18: writes each event as one line with the parts of it, between ordinary lines', async () => {
  const { runner, written, read } = start();
  runner.log('loading the model\nTELEMETRY:{"forged":true}');
  const parts = { measurements: { ms: 3 }, metadata: { model: 'm' } };
  runner.emit('inference.start', parts, { correlationId: 'c' });
  runner.notify('hello');
  await runner.close();
  expect(written.every((text) => text.endsWith('\n'))).toBe(true);
  const all = read();
  const messages = all.flatMap((line) => (line.kind === 'message' ? [line.value] : []));
  expect(messages.map(({ type }) => type)).toStrictEqual(['runner_ready', 'notification', 'telemetry', 'losses']);
  expect(messages[2]).toMatchObject({
    epoch: runner.epoch,
    seq: 1,
    event: { data: { type: 'inference.start', correlation_id: 'c', timestamp_ns: expect.any(String), ...parts } },
  });
  expect(messages.at(-1)).toMatchObject({ emitted: 1, written: 1, last: true });
  expect(all.filter(({ kind }) => kind === 'ordinary')).toHaveLength(2);
});

it('EGRESS 4.18: no line is longer than a pipe takes in one piece; what would be is told as an error and counted', async () => {
  const { runner, lines, read } = start();
  for (let size = 3_500; size < 4_100; size++) {
    runner.emit('long\nname', { text: 'x'.repeat(size) });
    if (size % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  runner.notify('x'.repeat(5_000));
  const books = await runner.close();
  expect(Math.max(...lines().map((line) => Buffer.byteLength(line) + 1))).toBeLessThanOrEqual(4_096);
  const errors = read().filter(({ kind }) => kind === 'error');
  expect(errors.length).toBe(books.dropped.oversize);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors[0]).toStrictEqual({ kind: 'error', text: 'oversize: long name' });
  expect(books.written).toBeGreaterThan(0);
  expect(books.messages.dropped).toStrictEqual({ notification: 1 });
});

it('EGRESS 4.18: a failing serialisation is an error line, and the next event goes out', async () => {
  const { runner, read } = start();
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  runner.emit('bad', cycle);
  runner.emit('good');
  await runner.close();
  expect(read()).toContainEqual({ kind: 'error', text: 'unserialisable: bad' });
  expect(runner.books).toMatchObject({ emitted: 2, written: 1, dropped: { unserialisable: 1 } });
});

it('EGRESS 4.17: a stderr that throws reaches nobody, and is counted', async () => {
  const broken = () => {
    throw new Error('EPIPE');
  };
  const runner = createRunner({ session: 's', stderr: broken });
  runner.emit('e');
  expect(await runner.close()).toMatchObject({ emitted: 1, written: 0, pending: 0, dropped: { write_failed: 1 } });
});

it('EGRESS 4.17: a stderr that throws is neither told of what cannot be written nor of logs, and later events are tried', async () => {
  const broken = () => {
    throw new Error('EPIPE');
  };
  const runner = createRunner({ session: 's', stderr: broken });
  expect(() => runner.log('line')).not.toThrow();
  runner.emit('long', { text: 'x'.repeat(5_000) });
  runner.emit('e');
  const dropped = { oversize: 1, write_failed: 1 };
  expect(await runner.close()).toMatchObject({ emitted: 2, written: 0, pending: 0, dropped });
});

it('EGRESS 4.17: a process whose stderr nobody reads any more lives on, and counts', async () => {
  const program = fileURLToPath(new URL('../test/stderr-gone.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', program]);
  const said = text(child.stdout);
  await once(child.stderr, 'data');
  child.stderr.destroy();
  // Long enough for many events; how many is not asked.
  setTimeout(() => child.stdin.end(), 300);
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  const books = JSON.parse(await said);
  expect(books.dropped.write_failed).toBeGreaterThan(0);
  expect(books.written + books.dropped.write_failed).toBe(books.emitted);
});
