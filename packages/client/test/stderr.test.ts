/** Sessions read from the stderr of a runner that has no network. */
import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { event, eventually, line, startLoop } from './loop.ts';

const telemetry = (json: string) => `TELEMETRY:${json}\n`;

function opened() {
  const loop = startLoop();
  const stderr = new PassThrough();
  const session = loop.relay.openStderr('demo', stderr);
  const messages: object[] = [];
  session.on('logs', (message) => messages.push(message));
  session.on('losses', (message) => messages.push(message));
  return { ...loop, stderr, session, messages };
}

test('EGRESS 4.18: telemetry among ordinary lines becomes envelopes, byte for byte, and the rest log lines', async () => {
  const { stderr, session, sink, relay, messages } = opened();
  expect(session.state).toBe('waiting');
  const odd = '{"id":"x","data":{"type":"a","n":1.0,"big":12345678901234567890,"text":"é"}}';
  const bytes = Buffer.from(
    `Traceback (most recent call last):\n${telemetry(line(1))}loading…\r\n${telemetry(line(2, undefined, odd))}`,
  );
  // In pieces, of which one ends within a character.
  for (let at = 0; at < bytes.length; at += 7) stderr.write(bytes.subarray(at, at + 7));
  stderr.write(telemetry(line(2, undefined, odd)));
  stderr.write(telemetry('{"type":"losses","epoch":"0a1b2c3d","emitted":2,"written":2,"dropped":{},"last":true}'));
  stderr.write('TELEMETRY_ERROR: oversize: big.event\nTELEMETRY:{"cut off');
  stderr.end();
  await sink.count(2);
  expect(sink.texts[1]).toBe(odd);
  await eventually(() => expect(session.state).toBe('waiting'));
  expect(session.books).toMatchObject({
    lines: 4,
    badLines: { unwritten: 2 },
    telemetry: { in: 3, relayed: 2, replay: 1 },
    starts: [{ epoch: '0a1b2c3d', lastSeq: 2, state: 'finished' }],
  });
  expect(messages).toContainEqual(expect.objectContaining({ type: 'losses', last: true }));
  expect(relay.tail.last(10)).toEqual([
    'LOG session=demo Traceback (most recent call last):',
    'LOG session=demo loading…',
    'LOG session=demo TELEMETRY_ERROR: oversize: big.event',
    'LOG session=demo TELEMETRY_ERROR: not a JSON object: {"cut off',
  ]);
});

test('EGRESS 4.18: a line without end is passed over, counted, and not kept', async () => {
  const { stderr, session, sink } = opened();
  for (let n = 0; n < 100; n++) stderr.write('x'.repeat(10_000));
  stderr.write(`\n${telemetry(line(1))}`);
  await sink.count(1);
  expect(session.books.badLines).toEqual({ oversize: 1 });
});

test('nothing can be asked of such a runner, and that is said', async () => {
  const { relay, session } = opened();
  await expect(relay.control('demo', { enabled: false })).rejects.toMatchObject({ code: 'refused' });
  await expect(session.request('stop_stream')).rejects.toMatchObject({ code: 'refused' });
  expect(session.control.status).toEqual({ answer: 'none' });
});

test('a session that is closed reads no more and does not hold up the process that writes', async () => {
  const { stderr, session, sink } = opened();
  stderr.write(telemetry(line(1)));
  await sink.count(1);
  await session.close();
  const written = Promise.withResolvers<void>();
  stderr.write(`${telemetry(line(2))}${'x'.repeat(1_000_000)}\n`, () => written.resolve());
  await written.promise;
  expect(stderr.destroyed).toBe(false);
  expect(session.books.lines).toBe(1);
});

test('EGRESS 4.18: of a child process, as it runs', async () => {
  const { relay, sink } = startLoop();
  const said = `console.error('hello'); console.error('TELEMETRY:' + ${JSON.stringify(line(1, 'ffffffff', event('child')))});`;
  const child = spawn(process.execPath, ['-e', said], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill());
  const session = relay.openStderr('child', child.stderr);
  await sink.count(1);
  expect(sink.envelopes[0]).toMatchObject({ id: 'child', session: 'child' });
  await eventually(() => expect(session.books.starts).toMatchObject([{ state: 'unreported' }]));
  expect(relay.tail.last(1)).toEqual(['LOG session=child hello']);
});
