import { expect, it } from 'vitest';
import { inProcess, told } from './in-process.ts';
import { settled } from './until.ts';

it('PROTOCOL 3.4: a waiting GET resolves with the first byte and then gets each as it comes', async () => {
  const server = inProcess();
  await server.post('c');
  const reader = await server.wait('c/0');
  const writer = await server.open('c/0');
  expect(reader.response).toBeUndefined();
  await writer.write('one ');
  expect(told(reader.response)).toEqual({ seq: '0', epoch: true });
  expect(reader.text).toBe('one ');
  await writer.write('two');
  expect(reader).toMatchObject({ text: 'one two', done: false });
  await writer.end();
  expect(reader.done).toBe(true);
});

it('a GET that is aborted while it waits rejects with the reason and is forgotten at once', async () => {
  const server = inProcess();
  await server.post('c');
  const reader = await server.wait('c/0');
  await reader.abort();
  expect(reader.error).toEqual(new Error('the reader left'));
  expect(server.trickle.get('c')).toMatchObject({ readers: 0 });
});

it('a GET that is aborted in the middle of its body fails with the reason and is forgotten at once', async () => {
  const server = inProcess();
  await server.open('c/0', 'half');
  const reader = await server.wait('c/0');
  await reader.abort();
  expect(reader).toMatchObject({ text: 'half', error: new Error('the reader left') });
  expect(server.trickle.get('c')).toMatchObject({ readers: 0 });
});

it('a GET whose signal has aborted before is never attached', async () => {
  const server = inProcess();
  await server.post('c');
  const request = new Request('http://in.process/c/0', { signal: AbortSignal.abort(new Error('too late')) });
  await expect(server.trickle.fetch(request)).rejects.toThrow('too late');
  await settled();
  expect(server.trickle.get('c')).toMatchObject({ readers: 0 });
});

it('a body that is cancelled is forgotten at once', async () => {
  const server = inProcess();
  await server.open('c/0', 'half');
  const answer = await server.get('c/0');
  await answer.body?.cancel();
  await settled();
  expect(server.trickle.get('c')).toMatchObject({ readers: 0 });
});

it('a reader that does not read holds 64 KiB and no more; the segment waits for it', async () => {
  const server = inProcess();
  const writer = await server.open('c/0', '');
  await writer.write('x'.repeat(60_000));
  const slow = await server.get('c/0');
  for (let times = 0; times < 10; times++) await writer.write('x'.repeat(60_000));
  await writer.end();
  expect(await server.metric('sent_bytes_total')).toBeLessThan(64 * 1024 + 60_000 + 1);
  expect((await slow.text()).length).toBe(11 * 60_000);
  expect(await server.metric('sent_bytes_total')).toBe(11 * 60_000);
});

it('the bytes of a segment do not change when the publisher uses its buffer again', async () => {
  const server = inProcess();
  const buffer = Buffer.from('first');
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(buffer);
      controller.close();
    },
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  await server.trickle.fetch(new Request('http://in.process/c/0', init));
  buffer.write('XXXXX');
  expect(await (await server.get('c/0')).text()).toBe('first');
});

it('a large chunk is stored whole', async () => {
  const server = inProcess();
  const body = 'x'.repeat(1_000_001);
  await server.post('c/0', body);
  expect(await (await server.get('c/0')).text()).toBe(body);
});

it('a segment of many small chunks becomes one frame', async () => {
  const server = inProcess();
  const writer = await server.open('c/0');
  for (let times = 0; times < 50; times++) await writer.write(`${times} `);
  await writer.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await server.get('c/0')).body ?? []) chunks.push(chunk);
  expect(chunks).toHaveLength(1);
});

it('create, get, list and delete do what the wire does', async () => {
  const server = inProcess({ autocreate: false });
  expect((await server.post('c/0', 'x')).status).toBe(404);
  const created = server.trickle.create('c', 'text/plain');
  expect(server.trickle.create('c', 'image/png')).toEqual(created);
  await server.post('c/0', 'zero');
  await server.open('c/1', 'on');
  await server.wait('c/2');
  expect(server.trickle.get('c')).toEqual({
    name: 'c',
    mime: 'text/plain',
    epoch: created.epoch,
    head: 2,
    oldest: 0,
    readers: 1,
    writers: 1,
    bytes: 6,
    closed: false,
  });
  expect(server.trickle.list()).toEqual([server.trickle.get('c')]);
  expect(await server.trickle.delete('c')).toBe(true);
  expect(await server.trickle.delete('c')).toBe(false);
  expect(server.trickle.list()).toEqual([]);
});

it('PROTOCOL 3.5: HEAD says what a GET would be answered now, and never waits', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero', { 'Content-Type': 'text/plain' });
  await server.open('c/1', 'half');
  const finished = await server.head('c/0');
  expect(told(finished)).toEqual({ seq: '0', latest: '2', size: '4', epoch: true });
  expect(finished.headers.get('content-length')).toBe('4');
  const open = await server.head('c/1');
  expect(told(open)).toEqual({ seq: '1', latest: '2', epoch: true });
  expect(open.headers.get('content-type')).toBe('text/plain');
  const waits = await server.head('c/-1');
  expect([waits.status, told(waits)]).toEqual([200, { seq: '2', latest: '2', epoch: true }]);
  expect((await server.head('c/7')).status).toBe(470);
  expect((await server.head('nobody/0')).status).toBe(404);
  expect((await server.head('c/x')).status).toBe(400);
  const next = await server.head('c/next');
  expect([told(next), await next.text()]).toEqual([{ latest: '2', epoch: true }, '']);
  expect(server.trickle.get('c')).toMatchObject({ readers: 0 });
});

it('PROTOCOL 3.8: channels are listed, by name, only where the changefeed is on', async () => {
  const server = inProcess({ changefeed: true });
  for (const name of ['b', 'a']) await server.post(name);
  const { channels } = (await (await server.get('_channels')).json()) as { channels: { name: string }[] };
  expect(channels.map(({ name }) => name)).toEqual(['_changes', 'a', 'b']);
  expect((await inProcess().get('_channels')).status).toBe(404);
});

it('TRICKLE 77: the changefeed tells of itself first, then of channels as they come and go', async () => {
  const server = inProcess({ changefeed: true });
  const first = await server.get('_changes/0');
  expect([first.headers.get('content-type'), await first.text()]).toEqual([
    'application/json',
    '{"added":["_changes"]}',
  ]);
  const added = await server.wait('_changes/-1');
  await server.post('x/0', 'autocreated');
  expect(added.text).toBe('{"added":["x"]}');
  await server.remove('x');
  expect(await (await server.get('_changes/-2')).text()).toBe('{"removed":["x"]}');
});

it('PROTOCOL 2: reserved names can be read and nothing else', async () => {
  const server = inProcess({ changefeed: true });
  const answers = [
    await server.post('_changes'),
    await server.post('_changes/0', 'x'),
    await server.post('_new/0', 'x'),
    await server.remove('_changes'),
    await server.remove('_changes/0'),
    await server.post('_channels'),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
  expect(await server.metric('refusals_total{reason="reserved_name"}')).toBe(answers.length);
  await server.post('x');
  expect(await (await server.get('_changes/1')).text()).toBe('{"added":["x"]}');
});

it('bytes for a reader that has left before its answer are not counted as sent', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  const left = new Request('http://in.process/c/0', { signal: AbortSignal.abort() });
  await expect(server.trickle.fetch(left)).rejects.toThrow();
  expect(await server.metric('sent_bytes_total')).toBe(0);
  expect(await server.metric('readers')).toBe(0);
  await (await server.get('c/0')).text();
  expect(await server.metric('sent_bytes_total')).toBe(4);
});
