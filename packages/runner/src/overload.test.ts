import { sessionChannels } from '@runnel/protocol';
import { readJsonl } from '@runnel/pubsub';
import { expect, it } from 'vitest';
import { BASE, cleanups, control, runnerOn, server } from '../test/session.ts';

const REQUESTS = 100;
/** What the ring holds, and so the most that leaves between two turns of the flood. */
const RING = 256;

it('EGRESS R16: at ten times the telemetry that can leave every request is answered, and no event that came after goes before the answer', async () => {
  const host = server();
  const runner = runnerOn(host, { buffer: RING });
  const emittedWhenAnswered = new Map<unknown, number>();
  runner.onRequest('api', ({ request_id }) => {
    emittedWhenAnswered.set(request_id, runner.books.emitted);
    return { status: 200 };
  });
  const { ask } = control(host);
  const request = (n: number) => ask({ type: 'api', request_id: String(n), method: 'GET', path: '/' });
  const { transport } = host;
  const events = readJsonl(BASE + sessionChannels('s').events, { transport, from: 'oldest', waitForChannel: true });
  cleanups.push(() => events.close());

  let answers = 0;
  const flood = (async () => {
    while (answers < REQUESTS) {
      for (let n = 0; n < 12 * RING; n++) runner.emit('flood', { n });
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await request(0);
  let newest = 0;
  const overtaken: unknown[] = [];
  for await (const lines of events) {
    for (const { value } of lines) {
      if (value.type === 'telemetry') newest = Number(value.seq);
      if (value.type !== 'api_response') continue;
      if (newest > (emittedWhenAnswered.get(value.request_id) ?? 0)) overtaken.push(value.request_id);
      if (++answers < REQUESTS) await request(answers);
    }
    if (answers === REQUESTS) break;
  }
  await flood;
  expect(overtaken).toEqual([]);
  const { emitted, written, messages } = runner.books;
  expect(emitted).toBeGreaterThan(10 * written);
  expect(messages.dropped).toEqual({});
});
