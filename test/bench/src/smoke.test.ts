/** That workloads still run: one of the server's and the whole relay, for a moment. How fast is nobody's business here. */
import { expect, test } from 'vitest';
import latency from '../workloads/latency.ts';
import relayThroughput from '../workloads/relay-throughput.ts';
import { loadProgram } from './load.ts';
import { measure } from './rounds.ts';
import { Unavailable, type Workload } from './workload.ts';

const missing = await loadProgram().then(
  () => undefined,
  (error) => (error instanceof Unavailable && process.env.CI !== 'true' ? error.message : Promise.reject(error)),
);

test.skipIf(missing)(
  'an event comes from the generator through our server back to it',
  { timeout: 300_000 },
  async () => {
    const [round] = await quick(latency, 'runnel');

    expect(round).toMatchObject({ lost: 0 });
    expect(round?.rate).toBeGreaterThan(0);
  },
);

test.skipIf(missing)('an event comes from emit through the whole relay to the sink', { timeout: 300_000 }, async () => {
  const [round] = await quick(relayThroughput, 'journal on disk');

  expect(round?.rate).toBeGreaterThan(0);
});

async function quick(workload: Workload, contender: string) {
  const start = workload.contenders[contender];
  if (!start) throw new Error(`no contender ${contender}`);
  const measured = await measure(
    { ...workload, contenders: { [contender]: start } },
    { rounds: 1, seconds: 0.2, warmup: 0 },
  );
  expect(measured.failed).toEqual({});
  return measured.rounds[contender] ?? [];
}
