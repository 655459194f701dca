import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { sessionChannels } from '@runnel/protocol';
import { readJsonl } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../test/last-words.ts', import.meta.url));
const onStderr = fileURLToPath(new URL('../test/last-words-stderr.ts', import.meta.url));

async function end(url: string, way: string, deadlineMs = 10_000, server = 'server') {
  const env = { ...process.env, RUNNEL_URL: url, RUNNEL_SESSION: 's' };
  const child = spawn(process.execPath, ['--conditions=source', program, way, String(deadlineMs), server], { env });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, said };
}

type Message = { type: string; seq?: number; event?: { data: { type: string; error?: object } } };

/** What a client has got by the end of the channel. */
async function arrived(way: string) {
  const server = await serve({ autocreate: true, lingerMs: 60_000 });
  const ended = await end(server.url, way);
  const messages: Message[] = [];
  for await (const lines of readJsonl(server.url + sessionChannels('s').events, { from: 'oldest' })) {
    messages.push(...lines.map(({ value }) => value as Message));
  }
  await server.close();
  const telemetry = messages.filter(({ type }) => type === 'telemetry');
  return { ...ended, telemetry, seqs: [...new Set(telemetry.map(({ seq }) => seq))], last: messages.at(-1) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

it('what is emitted right before process.exit arrives, with a last report', async () => {
  const { code, said, seqs, last } = await arrived('exit');
  expect({ code, said }).toStrictEqual({ code: 7, said: '' });
  expect(seqs).toStrictEqual(upTo(601));
  expect(last).toMatchObject({ type: 'losses', emitted: 601, written: 601, last: true });
});

it('what is emitted before an exception that nobody catches arrives, and the exception does', async () => {
  const { code, said, seqs, telemetry } = await arrived('throw');
  expect(code).toBe(1);
  expect(said).toContain('RangeError: nobody catches this');
  expect(seqs).toStrictEqual(upTo(602));
  const error = { error_type: 'uncaught_exception', exception_type: 'RangeError', message: 'nobody catches this' };
  expect(telemetry.at(-1)?.event?.data).toMatchObject({ type: 'error', error });
});

it('what is emitted before SIGTERM arrives, and the process ends by the signal', async () => {
  const { signal, seqs, last } = await arrived('signal');
  expect(signal).toBe('SIGTERM');
  expect(seqs).toStrictEqual(upTo(601));
  expect(last).toMatchObject({ emitted: 601, written: 601, last: true });
});

it('what cannot leave by the deadline is counted where somebody reads it', async () => {
  const { code, said } = await end('http://127.0.0.1:1/', 'exit', 500, 'no server');
  expect(code).toBe(7);
  expect(said).toBe('session s: 601 events did not leave before the process ended\n');
});

it('what has no headers to leave with is counted there, and the process ends as it was told', async () => {
  const { code, said } = await end('http://127.0.0.1:1/', 'exit', 500, 'no headers');
  expect({ code, said }).toStrictEqual({
    code: 7,
    said: 'session s: 601 events did not leave before the process ended\n',
  });
});

it('PROTOCOL 8.7: the last words on stderr are written line by line', async () => {
  const child = spawn(process.execPath, ['--conditions=source', onStderr]);
  const writes = text(child.stdout);
  const [code] = await once(child, 'close');
  expect(code).toBe(7);
  // Three events and the last report.
  expect(await writes).toBe('1 1 1 1 ');
});
