import { describe, expect, it } from 'vitest';
import { goModelServer } from './go.ts';
import type { PeerEvent } from './peer.ts';
import { pythonPublisher, pythonSubscriber } from './python.ts';
import { goMissing, pythonMissing } from './toolchain.ts';

const missing = (await goMissing()) ?? (await pythonMissing());

describe.skipIf(missing)(`the Python peers${missing ? ` (skipped: ${missing})` : ''}`, () => {
  // The first run makes the Python environment.
  it.each(['gateway', 'pytrickle'])('carry segments with the habits of %s', { timeout: 120_000 }, async (habits) => {
    const server = await goModelServer({ autocreate: true });
    const url = `${server.url}c`;
    await fetch(url, { method: 'POST' });
    const seen: unknown[] = [];
    const arrived = Promise.withResolvers<void>();
    const subscriber = await pythonSubscriber(
      url,
      ({ segment }) => {
        if (segment && seen.push(segment) === 3) arrived.resolve();
      },
      '--habits',
      habits,
    );
    const publisher = await pythonPublisher(url, () => {}, '--habits', habits);
    for (const [index, size] of [100, 0, 70_000].entries()) {
      publisher.send({ segment: { index, pieces: size ? [4, size - 4] : [] } });
    }
    await arrived.promise;
    publisher.send({ end: 'close' });

    expect(await publisher.exited).toBe(0);
    expect(seen).toMatchObject([
      { seq: 0, index: 0, size: 100, cut: false },
      { seq: 1, size: 0 },
      { seq: 2, index: 2, size: 70_000, cut: false },
    ]);
    await subscriber.stop();
    await server.stop();
  });

  it('end a JSONL reader at a line that is no object, as the real ones do', { timeout: 120_000 }, async () => {
    const server = await goModelServer({ autocreate: true });
    const url = `${server.url}c`;
    await fetch(url, { method: 'POST' });
    const seen: PeerEvent[] = [];
    const subscriber = await pythonSubscriber(url, (event) => seen.push(event), '--lines');
    await fetch(`${url}/0`, { method: 'POST', body: '{"n":0}\n\n[1]\n{"n":1}\n' });

    expect(await subscriber.exited).toBe(0);
    expect(seen).toEqual([{ line: { seq: 0, text: '{"n":0}' } }, { done: { end: 'bad line: no object' } }]);
    await server.stop();
  });
});
