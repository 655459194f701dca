import { createTrickle } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';
import { fetchTransport, listChannels } from './index.ts';

const base = 'http://trickle.test/';

function server(changefeed: boolean) {
  const trickle = createTrickle({ autocreate: true, changefeed });
  onTestFinished(() => trickle.stop());
  trickle.create('b', 'video/mp4');
  trickle.create('a <b>', 'application/jsonl');
  return { transport: fetchTransport(trickle.fetch) };
}

const answering = (status: number, body: string) => ({
  transport: fetchTransport(async () => new Response(body, { status })),
});

test('PROTOCOL 3.8: the channels of a server come by name', async () => {
  const channels = (await listChannels(base, server(true))) ?? [];
  expect(channels.filter(({ name }) => !name.startsWith('_'))).toMatchObject([
    { name: 'a <b>', mime: 'application/jsonl', head: 0, oldest: null, readers: 0, bytes: 0, closed: false },
    { name: 'b', mime: 'video/mp4', epoch: expect.any(String) },
  ]);
});

test('a server that does not list its channels is told from one that has none', async () => {
  expect(await listChannels(base, server(false))).toBeUndefined();
  expect(await listChannels(base, answering(405, 'Method not allowed'))).toBeUndefined();
});

test.each([
  [503, 'Server is stopping', 'refused'],
  [200, '<html>', 'unreachable'],
  [200, '{"channels":[{"name":1}]}', 'unreachable'],
])('an answer of %s %s rejects', async (status, body, code) => {
  await expect(listChannels(base, answering(status, body))).rejects.toMatchObject({ code });
});
