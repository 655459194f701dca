/** What the tests of the relay share: a server in the same process, a runner made of plain writers, and sinks that can be waited for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelUrl, type Envelope, JSONL, type Sink, sessionChannels } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { createJsonlWriter, createPublisher, fetchTransport, type JsonlWriter, readJsonl } from '@runnel/pubsub';
import { createTrickle, type TrickleOptions } from '@runnel/server';
import { onTestFinished, vi } from 'vitest';
import { createRelay, type Relay, type RelayOptions } from '../src/index.ts';

export const base = 'http://trickle.test/';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Loop {
  readonly relay: Relay;
  readonly sink: CollectingSink;
  readonly trickle: ReturnType<typeof createTrickle>;
  readonly transport: ReturnType<typeof fetchTransport>;
  /** A writer of the session's events channel, as a runner has one. */
  events(session: string): JsonlWriter;
  /** Writes one segment of raw bytes to the session's events channel and waits until it is acknowledged. */
  segment(session: string, ...parts: (string | Uint8Array)[]): Promise<void>;
  /** The session's control channel, as the runner reads it. */
  control(session: string): AsyncGenerator<Record<string, unknown>>;
}

/** A server and a relay with a collecting sink; both are stopped when the test is over. */
export function startLoop(options: Partial<RelayOptions> & { server?: TrickleOptions } = {}): Loop {
  const time = options.clock && { clock: options.clock };
  const trickle = createTrickle({ autocreate: true, tombstoneMs: 0, ...time, ...options.server });
  const transport = fetchTransport(trickle.fetch);
  const sink = collectingSink();
  const relay = createRelay({ url: base, sinks: [sink], transport, ...options });
  onTestFinished(async () => {
    let stopped = false;
    const stopping = relay
      .close({ deadlineMs: 100 })
      .then(() => trickle.stop())
      .finally(() => {
        stopped = true;
      });
    if (options.clock instanceof ManualClock) await pass(options.clock, () => stopped);
    await stopping;
  });
  const url = (name: string) => channelUrl(base, name);
  return {
    relay,
    sink,
    trickle,
    transport,
    events: (session) => createJsonlWriter(url(sessionChannels(session).events), { transport, create: true, ...time }),
    async segment(session, ...parts) {
      const publisher = createPublisher(url(sessionChannels(session).events), {
        transport,
        create: true,
        mime: JSONL,
        ...time,
      });
      const segment = await publisher.open();
      for (const part of parts) {
        segment.write(typeof part === 'string' ? encoder.encode(part) : part);
        await segment.drained();
      }
      await segment.end();
      await publisher.close({ deleteChannel: false });
    },
    async *control(session) {
      const reader = readJsonl(url(sessionChannels(session).control), {
        transport,
        waitForChannel: true,
        from: 'oldest',
        ...time,
      });
      onTestFinished(() => reader.close());
      for await (const lines of reader) for (const line of lines) yield line.value;
    },
  };
}

export interface CollectingSink extends Sink {
  readonly envelopes: readonly Envelope[];
  /** The events' JSON, as text. */
  readonly texts: readonly string[];
  /** Resolves when that many envelopes have come. */
  count(n: number): Promise<void>;
}

export function collectingSink(name = 'collect'): CollectingSink {
  const envelopes: Envelope[] = [];
  let wake = Promise.withResolvers<void>();
  return {
    name,
    envelopes,
    get texts() {
      return envelopes.map(({ bytes }) => decoder.decode(bytes));
    },
    async count(n) {
      while (envelopes.length < n) await wake.promise;
    },
    async send(batch) {
      envelopes.push(...batch);
      wake.resolve();
      wake = Promise.withResolvers();
    },
    async close() {},
  };
}

/** An event's JSON, and the line that carries it. */
export const event = (id: string, more: object = {}) =>
  JSON.stringify({ id, type: 'stream_trace', timestamp: '1700000000000', data: { type: 'stream_heartbeat', ...more } });
export const line = (seq: number, epoch = '0a1b2c3d', json = event(`${epoch}-${seq}`)) =>
  `{"type":"telemetry","epoch":"${epoch}","seq":${seq},"event":${json}}`;

/** Moves `clock` on, a little at a time with everything else in between, until `done`. */
export async function pass(clock: ManualClock, done: () => boolean, stepMs = 50): Promise<void> {
  for (let steps = 0; !done(); steps++) {
    if (steps > 20_000) throw new Error(`not done after ${steps * stepMs} ms`);
    clock.advance(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Where a journal may be; its folder is deleted when the test is over. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'runnel-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'journal.db');
}

/** Tries `assertion` until it holds; the deadline only tells late from never. */
export const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout: 15_000, interval: 10 });
