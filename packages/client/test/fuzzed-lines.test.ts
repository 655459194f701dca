/** Whatever a runner writes, its session lives. RUNNEL_FUZZ_SEED plays one run again. */
import { seededRandom } from '@runnel/protocol/testing';
import { expect, onTestFailed, test } from 'vitest';
import { event, line, startLoop } from './loop.ts';

const LINES = 1_000_000;
const A_SEGMENT = 10_000;
/** Segments that may wait to be read. */
const WAITING = 20;
const seed = Number(process.env.RUNNEL_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Lines of every type, all of another start of the runner than the good ones. */
const whole = [
  line(1, 'ffffffff'),
  line(2, 'ffffffff', event('é😀', { deep: { a: [1, -2.5e3, true, null, '\\u00e9"'] } })),
  `{"type":"network_event","event":${event('old')}}`,
  '{"type":"losses","epoch":"ffffffff","emitted":9,"written":4,"dropped":{"queue_overflow":5},"last":true}',
  '{"type":"runner_ready","startup_ms":12.5,"epoch":"ffffffff","telemetry_enabled":true,"sampling_rate":1}',
  '{"type":"pong","request_id":"1","timestamp":1}',
  '{"type":"logs","lines":["one","two"]}',
  '{"type":"api_response","request_id":"1","status":200,"data":{}}',
  '{"type":"control_applied","client":"c","version":1,"state":{"enabled":true}}',
  '{"type":"error","error":"no"}',
].map((text) => Buffer.from(text));

test('EGRESS R16: of a million fuzzed lines none ends the session, and what is good between them arrives', {
  timeout: 600_000,
}, async () => {
  onTestFailed(() => console.error(`RUNNEL_FUZZ_SEED=${seed}`));
  const { relay, sink, segment } = startLoop({ server: { keepMs: 3_600_000 } });
  const session = relay.open('demo');
  const notified: unknown[] = [];
  session.on('notification', ({ payload }) => notified.push(payload));
  const good = Array.from({ length: LINES / A_SEGMENT }, (_, at) => at + 1);
  const random = seededRandom(seed);
  for (const n of good) {
    const fuzzed = Array.from({ length: A_SEGMENT }, () => fuzz(random));
    const between = Buffer.from(`${line(n)}\n{"type":"notification","payload":${n}}\n`);
    fuzzed.splice(Math.floor(random() * A_SEGMENT), 0, between);
    await segment('demo', Buffer.concat(fuzzed));
    // Within the window of the channel: what leaves it unread would be no fault of a line.
    while (notified.length < n - WAITING) await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => notified, { timeout: 120_000 }).toEqual(good);
  const arrived = () => sink.envelopes.map(({ id }) => id).filter((id) => id?.startsWith('0a1b2c3d-'));
  await expect.poll(arrived).toEqual(good.map((n) => `0a1b2c3d-${n}`));
  expect(session.books.error).toBeUndefined();
  expect(session.state).toBe('live');
});

/** One line that was good, with some of its bytes changed, doubled, taken out or put in; what it held of line feeds is its own. */
function fuzz(random: () => number): Buffer {
  const below = (n: number) => Math.floor(random() * n);
  const text = Buffer.from(whole[below(whole.length)] as Buffer);
  const at = below(text.length);
  switch (below(5)) {
    case 0:
      text[at] = below(256);
      break;
    case 1:
      return ended(text.subarray(0, at));
    case 2:
      return ended(text.subarray(0, at), text);
    case 3:
      return ended(text.subarray(0, at), text.subarray(at + 1 + below(8)));
    default:
      return ended(text.subarray(0, at), Buffer.from([below(256), below(256)]), text.subarray(at));
  }
  return ended(text);
}

const ended = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from('\n')]);
