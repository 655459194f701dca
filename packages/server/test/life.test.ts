import { Header } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { inProcess, told } from './in-process.ts';

it('PROTOCOL 4.6: a POST of seq 0 after the resume time begins a new life', async () => {
  const server = inProcess();
  await server.post('c', undefined, { [Header.expectContent]: 'image/jpeg' });
  for (const seq of [0, 1, 2]) await server.post(`c/${seq}`, 'old');
  const waiting = await server.wait('c/3');
  const before = server.trickle.get('c')?.epoch;
  await server.advance(5_000);
  const answer = await server.post('c/0', 'new');
  expect(told(answer)).toEqual({ seq: '0', latest: '1', epoch: true });
  const after = answer.headers.get(Header.epoch);
  expect(after).not.toBe(before);
  expect(waiting.response?.status).toBe(470);
  expect(told(waiting.response)).toEqual({ seq: '3', latest: '0', epoch: true });
  expect(waiting.response?.headers.get(Header.epoch)).toBe(after);
  const first = await server.get('c/0');
  expect(first.headers.get('content-type')).toBe('image/jpeg');
  expect(await first.text()).toBe('new');
  expect((await server.get('c/2')).status).toBe(470);
  expect(await server.metric('restarts_total')).toBe(1);
});

it('PROTOCOL 4.6: not while a writer is there, not sooner, and not by a seq inside the window', async () => {
  const server = inProcess();
  for (const seq of [0, 1]) await server.post(`c/${seq}`, 'old');
  await server.advance(4_999);
  expect((await server.post('c/0', 'too soon')).status).toBe(409);
  const preconnect = await server.open('c/2');
  await server.advance(60_000);
  expect((await server.post('c/0', 'not while somebody writes')).status).toBe(409);
  await preconnect.die();
  expect((await server.post('c/1', 'only zero')).status).toBe(409);
  expect(await server.metric('refusals_total{reason="segment_closed"}')).toBe(3);
});

it('PROTOCOL 4.6: a publisher that counts from 0 again and was refused at first comes through with a seq far below the head', async () => {
  const server = inProcess();
  for (let seq = 0; seq < 9; seq++) await server.post(`c/${seq}`, 'old');
  expect((await server.post('c/0', 'restarted too soon')).status).toBe(409);
  await server.advance(5_000);
  expect((await server.post('c/4', 'in the window')).status).toBe(409);
  expect(told(await server.post('c/3', 'new'))).toEqual({ seq: '3', latest: '4', epoch: true });
  expect(await (await server.get('c/3')).text()).toBe('new');
});

it('PROTOCOL 4.6: a half-written segment of a dead publisher is forgotten with the rest', async () => {
  const server = inProcess();
  const zero = await server.open('c/0', 'half');
  await server.advance(4_000);
  await zero.die();
  const reader = await server.wait('c/0');
  await server.post('c/1', 'later');
  expect(reader.text).toBe('half');
  await server.advance(5_000);
  await server.post('c/0', 'new');
  expect(await (await server.get('c/0')).text()).toBe('new');
  expect(await server.metric('open_bytes')).toBe(0);
  expect(await server.metric('kept_bytes')).toBe(3);
});

it('TRICKLE 76: a lingering channel is read to its end, told that it is closed, and refuses POSTs', async () => {
  const server = inProcess({ autocreate: false, channels: [{ name: 'c', mime: 'text/plain' }], lingerMs: 30_000 });
  await server.post('c/0', 'zero');
  await server.post('c/2', 'two');
  await server.remove('c');
  const zero = await server.get('c/0');
  expect(await zero.text()).toBe('zero');
  expect(told(zero)).toEqual({ seq: '0', latest: '3', size: '4', epoch: true });
  expect(told(await server.get('c/1'))).toMatchObject({ skipped: '1' });
  for (let times = 0; times < 2; times++) {
    for (const seq of [3, 9, -1]) {
      const end = await server.get(`c/${seq}`);
      expect(end.status).toBe(200);
      expect(told(end)).toEqual({ seq: String(seq < 0 ? 3 : seq), latest: '3', closed: 'terminated', epoch: true });
    }
  }
  expect(told(await server.get('c/next'))).toEqual({ latest: '3', closed: 'terminated', epoch: true });
  const refused = await server.post('c/3', 'late');
  expect(refused.status).toBe(404);
  expect(told(refused)).toEqual({ closed: 'terminated' });
  expect(refused.headers.get('connection')).toBe('close');
  expect((await server.remove('c')).status).toBe(400);
  await server.advance(29_999);
  expect((await server.get('c/0')).status).toBe(200);
  await server.advance(1);
  expect((await server.get('c/0')).status).toBe(404);
  expect(await server.metric('kept_bytes')).toBe(0);
});

it('PROTOCOL 4.5: an explicit create ends the linger time and begins a new life', async () => {
  const server = inProcess({ lingerMs: 30_000 });
  await server.post('c/0', 'old');
  const before = server.trickle.get('c')?.epoch;
  await server.remove('c');
  const created = await server.post('c');
  expect(told(created)).toEqual({ latest: '0', epoch: true });
  expect(created.headers.get(Header.epoch)).not.toBe(before);
  expect((await server.post('c/0', 'new')).status).toBe(200);
  await server.advance(30_000);
  expect(await (await server.get('c/0')).text()).toBe('new');
});

it('TRICKLE 20: a late POST does not bring a deleted channel back, an explicit create does', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await server.remove('c');
  const late = await server.post('c/1', 'late');
  expect(late.status).toBe(404);
  expect(told(late)).toEqual({ closed: 'terminated' });
  expect((await server.get('c/next')).status).toBe(404);
  expect((await server.post('c')).status).toBe(200);
  expect((await server.post('c/0', 'new')).status).toBe(200);
});

it('PROTOCOL 4.5: a tombstone stands for 10 s', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await server.remove('c');
  await server.advance(9_999);
  expect((await server.post('c/0', 'late')).status).toBe(404);
  await server.advance(1);
  expect((await server.post('c/0', 'new')).status).toBe(200);
});

it('PROTOCOL 4.5: there are at most as many tombstones as channels may be', async () => {
  const server = inProcess({ maxChannels: 2 });
  for (const name of ['a', 'b', 'c']) {
    await server.post(name);
    await server.remove(name);
  }
  expect(await server.metric('tombstones')).toBe(2);
  expect((await server.post('a/0', 'back')).status).toBe(200);
  expect((await server.post('c/0', 'late')).status).toBe(404);
});

it('PROTOCOL 4.1: a channel without a byte for the idle time is closed; every byte counts', async () => {
  const server = inProcess();
  const writer = await server.open('c/0', 'a');
  await server.advance(299_000);
  await writer.write('b');
  await server.advance(299_999);
  const waiting = await server.wait('c/1');
  expect(writer.answered).toBe(false);
  await server.advance(1);
  expect(told(await writer.answer)).toMatchObject({ closed: 'terminated' });
  expect(told(waiting.response)).toMatchObject({ closed: 'terminated' });
  expect((await server.get('c/next')).status).toBe(404);
  expect(await server.metric('channels_removed_total{reason="idle"}')).toBe(1);
});

it('TRICKLE 18: GETs and preconnects do not refresh the idle clock, completed empty segments do', async () => {
  const server = inProcess();
  await server.post('watched');
  await server.post('fed');
  await server.advance(200_000);
  await server.wait('watched/0');
  await server.open('watched/0');
  await server.post('fed/0', '');
  await server.advance(100_000);
  expect(server.trickle.list().map(({ name }) => name)).toEqual(['fed']);
  await server.advance(200_000);
  expect(server.trickle.list()).toEqual([]);
});

it('TRICKLE 19: a name that starts with _ is never swept', async () => {
  const server = inProcess({ changefeed: true });
  await server.advance(10 * 300_000);
  expect((await server.get('_changes/0')).status).toBe(200);
});

it('PROTOCOL 4.1: a name that is swept is told to the changefeed', async () => {
  const server = inProcess({ changefeed: true });
  await server.post('c');
  const removed = await server.wait('_changes/2');
  await server.advance(300_000);
  expect(JSON.parse(removed.text)).toEqual({ removed: ['c'] });
});
