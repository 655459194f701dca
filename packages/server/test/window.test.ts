import { expect, it } from 'vitest';
import { inProcess, told } from './in-process.ts';

it('PROTOCOL 4.4: a segment leaves when it is neither among the newest 5 nor younger than 30 s', async () => {
  const server = inProcess();
  for (let seq = 0; seq < 7; seq++) await server.post(`c/${seq}`, `<${seq}>`);
  await server.advance(29_999);
  expect(await (await server.get('c/0')).text()).toBe('<0>');
  await server.advance(1);
  const gone = await server.get('c/1');
  expect(gone.status).toBe(470);
  expect(told(gone)).toEqual({ seq: '1', latest: '7', epoch: true });
  expect(await (await server.get('c/2')).text()).toBe('<2>');
  await server.post('c/7', '<7>');
  expect((await server.get('c/2')).status).toBe(470);
  expect(await server.metric('evictions_total{reason="age"}')).toBe(3);
});

it('TRICKLE 54: with keep-ms 0 the newest five are there and no other', async () => {
  const server = inProcess({ keepMs: 0 });
  for (let seq = 0; seq < 7; seq++) await server.post(`c/${seq}`, `<${seq}>`);
  for (const seq of [0, 1]) expect((await server.get(`c/${seq}`)).status).toBe(470);
  for (const seq of [2, 3, 4, 5, 6]) expect(await (await server.get(`c/${seq}`)).text()).toBe(`<${seq}>`);
});

it('PROTOCOL 2: -N is the N-th from the head, but at least the oldest one kept', async () => {
  const server = inProcess({ keepMs: 0 });
  const seqOf = async (asked: number) => told(await server.head(`c/${asked}`)).seq;
  await server.post('c');
  expect(await seqOf(-2)).toBe('0');
  for (let seq = 0; seq < 7; seq++) await server.post(`c/${seq}`, `<${seq}>`);
  expect(await Promise.all([-1, -2, -3, -6, -7, -1000].map(seqOf))).toEqual(['7', '6', '5', '2', '2', '2']);
  await server.open('c/7', 'being written');
  expect(await seqOf(-2)).toBe('7');
});

it('PROTOCOL 2: -2 waits for the next write when nothing is kept', async () => {
  const server = inProcess({ keepBytes: 2 });
  await server.post('c/0', 'more than is kept');
  const reader = await server.wait('c/-2');
  expect(reader.response).toBeUndefined();
  await server.post('c/1', '!');
  await server.advance(0);
  expect(reader.text).toBe('!');
});

it('PROTOCOL 4.4: the oldest leave while the finished segments of the channel hold too much', async () => {
  const server = inProcess({ keepBytes: 10 });
  for (const seq of [0, 1, 2]) await server.post(`c/${seq}`, 'four');
  expect((await server.get('c/0')).status).toBe(470);
  expect(told(await server.head('c/-9'))).toMatchObject({ seq: '1' });
  expect(await server.metric('evictions_total{reason="channel_bytes"}')).toBe(1);
  expect(await server.metric('kept_bytes')).toBe(8);
});

it('PROTOCOL 4.4: the oldest of all channels leave while the server holds too much; unfinished ones stay', async () => {
  const server = inProcess({ budgetBytes: 12 });
  await server.open('a/0', 'open');
  await server.post('b/0', 'four');
  await server.post('c/0', 'four');
  await server.post('b/1', 'four');
  expect((await server.get('b/0')).status).toBe(470);
  expect((await server.get('c/0')).status).toBe(200);
  expect(told(await server.head('a/0'))).not.toHaveProperty('size');
  expect(await server.metric('evictions_total{reason="server_bytes"}')).toBe(1);
  expect([await server.metric('kept_bytes'), await server.metric('open_bytes')]).toEqual([8, 4]);
});

it('PROTOCOL 4.7: with only unfinished bytes left the server reads the longest segment alone, until bytes are free', async () => {
  const server = inProcess({ budgetBytes: 8 });
  const held = await server.open('a/0', 'sevenB!');
  const other = await server.open('b/0', '12');
  expect(await server.metric('paused')).toBe(1);
  // What was asked for before the pause still comes; nothing after it does.
  await other.write('34');
  await other.write('56');
  const inPause = await server.metric('received_bytes_total');
  await other.write('78');
  expect(await server.metric('received_bytes_total')).toBe(inPause);
  await held.end();
  await server.advance(0);
  expect(await server.metric('paused')).toBe(0);
  await other.end();
  await server.advance(0);
  expect(await (await server.get('b/0')).text()).toBe('12345678');
  expect(await server.metric('pauses_total')).toBeGreaterThan(0);
});

it('PROTOCOL 4.7: over the budget readers of segments that have left are cut, the oldest first, and no publisher waits for them', async () => {
  const server = inProcess({ budgetBytes: 500_000, keepMs: 0, window: 1 });
  const slow: Response[] = [];
  for (const name of ['a', 'b']) {
    await server.post(`${name}/0`, 'x'.repeat(200_000));
    slow.push(await server.get(`${name}/0`));
    await server.post(`${name}/1`, 'one');
  }
  expect(await server.metric('pinned_bytes')).toBe(400_000);
  expect(await server.metric('cut_readers_total')).toBe(0);
  const writer = await server.open('c/0', 'x'.repeat(200_000));
  expect(await server.metric('cut_readers_total')).toBe(1);
  expect([await server.metric('pinned_bytes'), await server.metric('open_bytes')]).toEqual([200_000, 200_000]);
  expect(await server.metric('pauses_total')).toBe(0);
  await expect(slow[0]?.text()).rejects.toThrow('too slow');
  expect((await slow[1]?.text())?.length).toBe(200_000);
  await writer.end();
});

it('TRICKLE 65: a reader whose segment left the window goes on, pinned and counted, and is cut 10 s later', async () => {
  const server = inProcess({ keepMs: 0, window: 1 });
  await server.post('c/0', 'x'.repeat(200_000));
  const slow = await server.get('c/0');
  const body = slow.body?.getReader();
  expect(await server.metric('pinned_bytes')).toBe(0);
  await server.post('c/1', 'one');
  expect(await server.metric('pinned_bytes')).toBe(200_000);
  expect(await server.metric('readers')).toBe(1);
  await server.advance(9_999);
  expect(await server.metric('cut_readers_total')).toBe(0);
  await server.advance(1);
  expect(await server.metric('cut_readers_total')).toBe(1);
  expect(await server.metric('pinned_bytes')).toBe(0);
  expect(await server.metric('readers')).toBe(0);
  await expect(
    (async () => {
      while (!(await body?.read())?.done);
    })(),
  ).rejects.toThrow('too slow');
});

it('PROTOCOL 4.4: a reader that finishes in time frees what it pinned', async () => {
  const server = inProcess({ keepMs: 0, window: 1 });
  await server.post('c/0', 'x'.repeat(200_000));
  const slow = await server.get('c/0');
  await server.post('c/1', 'one');
  expect((await slow.text()).length).toBe(200_000);
  await server.advance(10_000);
  expect(await server.metric('pinned_bytes')).toBe(0);
  expect(await server.metric('cut_readers_total')).toBe(0);
});

it('PROTOCOL 4.7: segments of no size are bounded too', async () => {
  const server = inProcess();
  server.trickle.create('c', 'text/plain');
  for (let seq = 0; seq < 65_540; seq++) await server.post(`c/${seq}`);
  expect(await server.metric('kept_segments')).toBe(65_536);
  expect(await server.metric('evictions_total{reason="channel_segments"}')).toBe(4);
});
