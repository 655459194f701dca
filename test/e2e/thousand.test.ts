/** A control change for every runner there is, in one process: the server, one client, and runners of the SDK. */
import { createRelay } from '@runnel/client';
import { fetchTransport } from '@runnel/pubsub';
import { createRunner } from '@runnel/runner';
import { createTrickle } from '@runnel/server';
import { expect, test, vi } from 'vitest';

const RUNNERS = 1_000;
/** Only tells late from never. */
const WAIT_MS = 120_000;

test('EGRESS 4.11: 1,000 runners take a control change, and every answer arrives', { timeout: 240_000 }, async () => {
  const url = 'http://trickle.test/';
  const trickle = createTrickle({ autocreate: true });
  const transport = fetchTransport(trickle.fetch);
  const relay = createRelay({ url, sinks: [], transport });
  const ids = Array.from({ length: RUNNERS }, (_, at) => `runner-${at}`);
  const runners = ids.map((session) => createRunner({ session, url, transport }));
  for (const id of ids) relay.open(id);

  const change = (at: number) => ({ sampling: { rate: 0.5, patterns: [`only-${at}.*`] }, heartbeat_ms: 1_000 + at });
  await Promise.all(ids.map((id, at) => relay.control(id, change(at))));

  const statuses = () => [...relay.sessions.values()].map(({ control }) => control.status);
  const all = () => expect(Object.groupBy(statuses(), ({ answer }) => answer).applied).toHaveLength(RUNNERS);
  await vi.waitFor(all, { timeout: WAIT_MS, interval: 100 });
  for (const [at, { asked, effective, runner }] of statuses().entries()) {
    expect(asked?.state).toEqual(change(at));
    expect(effective).toMatchObject(change(at));
    expect(runner?.inForce?.version).toBe(asked?.version);
    expect(runners[at]?.control).toMatchObject(change(at));
  }

  await relay.close({ deadlineMs: 10_000 });
  await Promise.all(runners.map((runner) => runner.close({ deadlineMs: 10_000 })));
  await trickle.stop();
});
