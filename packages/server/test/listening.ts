/** A server on a port of its own and on a clock that is moved by hand, closed when the test ends. */
import { ManualClock } from '@runnel/protocol/testing';
import { type ServeOptions, type Serving, serve } from '@runnel/server';
import { onTestFinished } from 'vitest';
import { metric } from './metric.ts';
import { RawClient } from './raw-client.ts';
import { until } from './until.ts';

export interface Listening extends Serving {
  readonly clock: ManualClock;
  /** A connection, destroyed when the test ends. */
  client(): Promise<RawClient>;
  /** Waits until the first channel has so many readers and writers. */
  attached(readers: number, writers: number): Promise<void>;
  /** One round trip: what was sent before has been read by then. */
  roundTrip(): Promise<void>;
  metric(line: string): Promise<number>;
}

export async function listening(options: ServeOptions = {}): Promise<Listening> {
  const clock = new ManualClock();
  const serving = await serve({ autocreate: true, clock, ...options });
  const clients: RawClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await serving.close();
  });
  return {
    ...serving,
    clock,
    async client() {
      const client = await RawClient.connect(serving.port);
      clients.push(client);
      return client;
    },
    async attached(readers, writers) {
      await until(`${readers} readers and ${writers} writers`, () => {
        const [channel] = serving.trickle.list();
        return channel?.readers === readers && channel.writers === writers;
      });
    },
    async roundTrip() {
      await (await fetch(`http://127.0.0.1:${serving.port}/healthz`)).text();
    },
    metric: (line) => metric(serving.trickle, line),
  };
}
