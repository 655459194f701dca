import { Header } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { inProcess, told } from './in-process.ts';

it('TRICKLE 31: a dead writer leaves its segment open, and another POST of it appends', async () => {
  const server = inProcess();
  const first = await server.open('c/0', 'half');
  const attached = await server.wait('c/0');
  await first.die();
  await server.advance(4_999);
  expect(attached.done).toBe(false);
  expect((await server.post('c/0', '-resumed')).status).toBe(200);
  await server.advance(0);
  expect(attached).toMatchObject({ text: 'half-resumed', done: true });
  const again = await server.get('c/0');
  expect(await again.text()).toBe('half-resumed');
  expect(told(again)).not.toHaveProperty('aborted');
});

it('PROTOCOL 4.2: without another writer it is aborted after the resume time, and later GETs are told', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await (await server.open('c/1', 'half')).die();
  await server.advance(4_999);
  expect(told(await server.head('c/1'))).not.toHaveProperty('aborted');
  await server.advance(1);
  const answer = await server.get('c/1');
  expect(told(answer)).toEqual({ seq: '1', latest: '2', size: '4', aborted: '1', epoch: true });
  expect(await answer.text()).toBe('half');
  expect(await server.metric('segments_total{state="aborted"}')).toBe(1);
  expect((await server.post('c/1', 'too late')).status).toBe(409);
});

it('PROTOCOL 4.2: a byte of a later seq aborts it at once; a byte of an earlier one does not', async () => {
  const server = inProcess();
  const zero = await server.open('c/0', 'zero');
  await (await server.open('c/1', 'one')).die();
  await zero.write('more');
  expect(told(await server.head('c/1'))).not.toHaveProperty('aborted');
  await server.open('c/2', 'two');
  expect(told(await server.head('c/1'))).toMatchObject({ aborted: '1' });
  expect(told(await server.head('c/0'))).not.toHaveProperty('size');
});

it('PROTOCOL 4.2: a fresh segment whose writers all died stays fresh', async () => {
  const server = inProcess();
  await server.post('c', '');
  const reader = await server.wait('c/0');
  await (await server.open('c/0')).die();
  await server.advance(10_000);
  expect(reader.response).toBeUndefined();
  await server.post('c/0', 'at last');
  await server.advance(0);
  expect(reader.text).toBe('at last');
});

it('TRICKLE 33: two writers are both stored, in the order of arrival, and counted; the segment closes with the last', async () => {
  const server = inProcess();
  const first = await server.open('c/0', 'a');
  const second = await server.open('c/0', 'b');
  await first.write('c');
  await second.end();
  expect(told(await second.answer)).toEqual({ seq: '0', latest: '1', epoch: true });
  expect(told(await server.head('c/0'))).not.toHaveProperty('size');
  await first.write('d');
  await first.end();
  const answer = await server.get('c/0');
  expect(await answer.text()).toBe('abcd');
  expect(await server.metric('joined_writers_total')).toBe(1);
});

it('PROTOCOL 4.2: a writer that is left over has the resume time since its last byte', async () => {
  const server = inProcess();
  const quiet = await server.open('c/0', 'a');
  await server.post('c/0', 'b');
  await server.advance(4_000);
  await quiet.write('c');
  await server.advance(4_999);
  expect(quiet.answered).toBe(false);
  await server.advance(1);
  expect(told(await quiet.answer)).toEqual({ seq: '0', latest: '1', epoch: true });
  const answer = await server.get('c/0');
  expect(told(answer)).toEqual({ seq: '0', latest: '1', size: '3', epoch: true });
});

it('PROTOCOL 4.2: or until a byte of a later seq arrives; a dying one ends it well', async () => {
  const server = inProcess();
  const left = await server.open('c/0', 'a');
  await server.post('c/0', 'b');
  await server.post('c/1', 'later');
  expect(told(await left.answer)).toMatchObject({ seq: '0' });
  expect(told(await server.head('c/0'))).toEqual({ seq: '0', latest: '2', size: '2', epoch: true });
  const dying = await server.open('c/2', 'a');
  await server.post('c/2', 'b');
  await dying.die();
  expect(told(await server.head('c/2'))).toMatchObject({ size: '2' });
  expect(told(await server.head('c/2'))).not.toHaveProperty('aborted');
});

it('TRICKLE 44: bytes for a segment that was closed under its writer are discarded, and the writer is answered at once', async () => {
  const server = inProcess();
  const writer = await server.open('c/0', 'Hello');
  const reader = await server.wait('c/0');
  expect((await server.post('c/-1', 'after-reset', { [Header.reset]: 'true' })).status).toBe(200);
  const answer = await writer.answer;
  expect(answer.headers.get('connection')).toBe('close');
  expect(told(answer)).toEqual({ seq: '0', latest: '1', epoch: true });
  expect(reader).toMatchObject({ text: 'Hello', done: true });
  expect(await (await server.get('c/0')).text()).toBe('Hello');
});

it("PROTOCOL 4.2: a successor that resets, or deletes the segment, does not turn a dead publisher's half into a whole", async () => {
  const server = inProcess();
  await (await server.open('c/0', 'half')).die();
  await (await server.open('c/1', 'half')).die();
  await server.post('c/1', '', { [Header.reset]: '1' });
  expect(told(await server.head('c/0'))).toHaveProperty('aborted');
  await (await server.open('c/2', 'half')).die();
  await server.remove('c/2');
  expect(told(await server.head('c/2'))).toHaveProperty('aborted');
});

it('PROTOCOL 4.3: Reset closes what is smaller and unfinished, and nothing else', async () => {
  const server = inProcess();
  const zero = await server.open('c/0', 'zero');
  const two = await server.open('c/2', 'two');
  const three = await server.open('c/3');
  const one = await server.wait('c/1');
  await server.post('c/2', '+', { [Header.reset]: '1' });
  expect(zero.answered).toBe(true);
  expect(told(one.response)).toEqual({ seq: '1', latest: '3', size: '0', epoch: true });
  expect(two.answered).toBe(false);
  expect(three.answered).toBe(false);
});

it('TRICKLE 42: an empty Reset closes nothing', async () => {
  const server = inProcess();
  const zero = await server.open('c/0', 'zero');
  await server.post('c/1', 'one', { [Header.reset]: '' });
  expect(zero.answered).toBe(false);
});

it('PROTOCOL 3.6: the head passes a segment that is closed by DELETE before its first byte', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  const writer = await server.open('c/1');
  const reader = await server.wait('c/1');
  expect((await server.remove('c/1')).status).toBe(200);
  expect(told(await writer.answer)).toEqual({ seq: '1', latest: '2', epoch: true });
  expect(told(reader.response)).toEqual({ seq: '1', latest: '2', size: '0', epoch: true });
  expect(await (await server.get('c/next')).text()).toBe('2');
  await server.wait('c/2');
  expect((await server.remove('c/2')).status).toBe(200);
  expect(await (await server.get('c/next')).text()).toBe('3');
});

it('TRICKLE 70: a writer whose bytes have flowed is told that its channel was closed', async () => {
  const server = inProcess();
  const writer = await server.open('c/0', 'half');
  const preconnect = await server.open('c/1');
  const reader = await server.wait('c/0');
  const waiting = await server.wait('c/1');
  await server.remove('c');
  expect(told(await writer.answer)).toEqual({ seq: '0', latest: '1', closed: 'terminated', epoch: true });
  expect(told(await preconnect.answer)).toEqual({ seq: '1', latest: '1', closed: 'terminated', epoch: true });
  expect(reader).toMatchObject({ text: 'half', done: true, error: undefined });
  expect(told(waiting.response)).toEqual({ seq: '1', latest: '1', closed: 'terminated', epoch: true });
});
