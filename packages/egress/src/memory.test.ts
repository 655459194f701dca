import type { Envelope } from '@runnel/protocol';
import { expect, test } from 'vitest';
import { memorySink } from './memory.ts';

const envelope = (id: string): Envelope => ({
  id,
  bytes: new TextEncoder().encode(`{"id":"${id}","data":{}}`),
  session: 's',
  relayedVia: 'trickle',
  receivedAt: 0,
});

test('what is sent can be read, in order', async () => {
  const sink = memorySink();
  await sink.send([envelope('a'), envelope('b')], new AbortController().signal);
  await sink.send([envelope('c')], new AbortController().signal);
  expect(sink.envelopes.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  expect(sink.dropped).toBe(0);
});

test('over the limit the oldest leave and are counted', async () => {
  const sink = memorySink({ limit: 2 });
  await sink.send(['a', 'b', 'c', 'd', 'e'].map(envelope), new AbortController().signal);
  expect(sink.envelopes.map(({ id }) => id)).toEqual(['d', 'e']);
  expect(sink.dropped).toBe(3);
});
