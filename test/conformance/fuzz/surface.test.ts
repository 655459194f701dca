import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Serving, serve } from '@runnel/server';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { record } from './figures.ts';
import { type Conversation, conversation } from './surface.ts';

const runs = Number(process.env.FUZZ_SURFACE_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** With fast ingest and without. */
let fast: Serving;
let ordinary: Serving;
beforeAll(async () => {
  const options = { autocreate: true, changefeed: true, tombstoneMs: 0 };
  fast = await serve({ ...options, fastIngest: true });
  ordinary = await serve(options);
});
afterAll(() => Promise.all([fast.close(), ordinary.close()]));

/** Says what it has to say, leaves, and returns what the server said. Resolves when the server has let go of the connection. */
async function converse({ port }: Serving, { bytes, splits, leaves }: Conversation): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const said: Buffer[] = [];
  socket.on('data', (part) => said.push(part)).on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let from = 0;
  for (const share of [...splits, 1]) {
    const to = Math.floor(share * bytes.length);
    socket.write(bytes.subarray(from, to));
    await new Promise((resolve) => setImmediate(resolve));
    from = to;
  }
  if (leaves === 'end') socket.end();
  else socket.destroy();
  await closed;
  return Buffer.concat(said).toString('latin1');
}

it(`PROTOCOL 2: whatever ${runs} clients send, nothing breaks (seed ${seed})`, { timeout: 1_800_000 }, async () => {
  const seen = new Map<string, number>();
  const property = fc.asyncProperty(fc.boolean(), conversation, async (isFast, each) => {
    const said = await converse(isFast ? fast : ordinary, each);
    for (const [, status = ''] of said.matchAll(/^HTTP\/1\.1 (\d{3})/gm)) {
      seen.set(status, (seen.get(status) ?? 0) + 1);
      expect(Number(status)).toBeLessThan(500);
    }
  });
  await fc.assert(property, { numRuns: runs, seed });
  record('surface', { conversations: runs, answers: Object.fromEntries([...seen].sort()), seed });

  const channels = () => [fast, ordinary].flatMap(({ trickle }) => trickle.list());
  const attached = () => channels().reduce((sum, { readers, writers }) => sum + readers + writers, 0);
  await expect.poll(attached, { timeout: 10_000 }).toBe(0);
  expect([...seen.keys()].length).toBeGreaterThan(4);
  for (const { url } of [fast, ordinary]) {
    await fetch(`${url}after/0`, { method: 'POST', body: 'still here' });
    expect(await (await fetch(`${url}after/0`)).text()).toBe('still here');
    // Chunked, to a channel that there is: hundreds of strangers may have sent none that fast ingest takes.
    const chunked = { method: 'POST', body: new Blob(['and here']).stream(), duplex: 'half' } as RequestInit;
    await fetch(`${url}after/1`, chunked);
    expect(await (await fetch(`${url}after/1`)).text()).toBe('and here');
  }
  expect(await fast.trickle.metrics()).toMatch(/^runnel_server_fast_bodies_total [1-9]/m);
});

it('memory does not grow with the number of hostile clients', { timeout: 1_800_000 }, async () => {
  const rounds = fc.sample(conversation, { numRuns: 150, seed });
  const heapAfterRound = async () => {
    for (const [at, each] of rounds.entries()) await converse(at % 2 === 0 ? fast : ordinary, each);
    return heapUsed();
  };
  await heapAfterRound();
  const first = await heapAfterRound();
  const second = await heapAfterRound();
  const third = await heapAfterRound();
  // Segments the clients have really written stay in the window; a leak of a request's state would show each time.
  expect(Math.min(second, third) - first).toBeLessThan(4 * 1024 * 1024);
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  return process.memoryUsage().heapUsed;
}
