import { describe, expect, it } from 'vitest';
import { goModelServer, goPublisher, goSubscriber } from './go.ts';
import type { PeerEvent } from './peer.ts';
import { goMissing } from './toolchain.ts';

const missing = await goMissing();

describe.skipIf(missing)(`the Go peers${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('carry segments from the publisher to the subscriber through the model server', async () => {
    const server = await goModelServer({ autocreate: true });
    const url = `${server.url}c`;
    await fetch(url, { method: 'POST' });
    const seen: unknown[] = [];
    const arrived = Promise.withResolvers<void>();
    const onEvent = ({ segment, done }: PeerEvent) => {
      if ((segment ?? done) && seen.push(segment ?? done) === 3) arrived.resolve();
    };
    const subscriber = await goSubscriber(url, onEvent, '--from', '0');
    const publisher = await goPublisher(url, () => {});
    for (const [index, size] of [100, 0, 70_000].entries()) {
      publisher.send({ segment: { index, pieces: size ? [4, size - 4] : [] } });
    }
    // A closed channel forgets what was not read yet.
    await arrived.promise;
    publisher.send({ end: 'close' });

    expect(await publisher.exited).toBe(0);
    expect(await subscriber.exited).toBe(0);
    expect(seen).toMatchObject([
      { seq: 0, index: 0, size: 100 },
      { seq: 1, size: 0 },
      { seq: 2, index: 2, size: 70_000 },
      { end: 'closed' },
    ]);
    await server.stop();
  });

  it('model the head, the window of five slots and the 470 of the Go server', async () => {
    const server = await goModelServer({ autocreate: true });
    for (let seq = 0; seq < 7; seq++) await fetch(`${server.url}c/${seq}`, { method: 'POST', body: `segment ${seq}` });

    const next = await fetch(`${server.url}c/next`);
    const gone = await fetch(`${server.url}c/1`);
    const kept = await fetch(`${server.url}c/2`);
    expect(await next.text()).toBe('7');
    expect([gone.status, gone.headers.get('lp-trickle-latest')]).toEqual([470, '7']);
    expect([kept.status, await kept.text()]).toEqual([200, 'segment 2']);
    await server.stop();
  });
});
