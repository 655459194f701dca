import { setImmediate as turn } from 'node:timers/promises';
import { Header } from '@runnel/protocol';
import { Refusal } from '@runnel/server';
import { expect, it } from 'vitest';
import { inProcess, told } from './in-process.ts';

it('PROTOCOL 4.7: a segment that grows over its limit is aborted there and its writer told 413', async () => {
  const server = inProcess({ segmentBytes: 8 });
  const writer = await server.open('c/0', '12345');
  const reader = await server.wait('c/0');
  await writer.write('6789');
  const answer = await writer.answer;
  expect(answer.status).toBe(413);
  expect(await answer.text()).toBe('Segment too large\n');
  expect(answer.headers.get('connection')).toBe('close');
  expect(reader).toMatchObject({ text: '12345678', done: true });
  expect(told(await server.head('c/0'))).toMatchObject({ aborted: '1', size: '8' });
  expect(await server.metric('refusals_total{reason="segment_too_large"}')).toBe(1);
  expect(await server.metric('discarded_bytes_total')).toBe(1);
});

it('PROTOCOL 4.7: a Content-Length over the limit is refused up front and leaves the segment as it is', async () => {
  const server = inProcess({ segmentBytes: 8 });
  await server.post('c');
  const big = await server.post('c/0', '123456789', { 'Content-Length': '9' });
  expect(big.status).toBe(413);
  expect(await (await server.get('c/next')).text()).toBe('0');
  await (await server.open('c/0', '12345')).die();
  expect((await server.post('c/0', '6789', { 'Content-Length': '4' })).status).toBe(413);
  expect((await server.post('c/0', '678', { 'Content-Length': '3' })).status).toBe(200);
  expect(await (await server.get('c/0')).text()).toBe('12345678');
});

const jsonl = { 'Content-Type': 'application/x-ndjson; charset=utf-8' };

it('PROTOCOL 7.2: a line over the event cap aborts the segment at the cap; lines before it stand', async () => {
  const server = inProcess({ eventBytes: 10 });
  const fits = await server.post('c/0', '123456789\n123456789\n\n', jsonl);
  expect(fits.status).toBe(200);
  const over = await server.post('c/1', 'ok\n1234567890\nafter\n');
  expect(over.status).toBe(413);
  expect(await over.text()).toBe('Event too large\n');
  const answer = await server.get('c/1');
  expect(await answer.text()).toBe('ok\n1234567890');
  expect(told(answer)).toMatchObject({ aborted: '1' });
  expect(await server.metric('refusals_total{reason="event_too_large"}')).toBe(1);
});

it('PROTOCOL 7.2: a line is followed over chunks of any size', async () => {
  for (const step of [1, 3, 7]) {
    const server = inProcess({ eventBytes: 10 });
    const text = 'a\n123456789\n\n1234567\n12345678901';
    const writer = await server.open('c/0', '', jsonl);
    for (let at = 0; at < text.length; at += step) await writer.write(text.slice(at, at + step));
    expect((await writer.answer).status).toBe(413);
    expect(await (await server.get('c/0')).text()).toBe(text.slice(0, -1));
  }
});

it('PROTOCOL 7.2: the cap is 5 MiB with the LF, and holds on JSONL channels alone', async () => {
  const server = inProcess();
  const exact = `${'x'.repeat(5_242_879)}\n`;
  expect((await server.post('c/0', exact + exact, jsonl)).status).toBe(200);
  expect((await server.post('c/1', `x${exact}`)).status).toBe(413);
  expect((await server.post('media/0', `x${exact}`, { 'Content-Type': 'video/mp2t' })).status).toBe(200);
});

it('PROTOCOL 3.1: there are no more channels than allowed, and the rest works on', async () => {
  const server = inProcess({ maxChannels: 1 });
  await server.post('c/0', 'zero');
  for (const answer of [await server.post('d'), await server.post('d/0', 'x')]) {
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('Too many channels\n');
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  expect(await server.metric('refusals_total{reason="too_many_channels"}')).toBe(2);
  expect((await server.post('c')).status).toBe(200);
  await server.remove('c');
  expect((await server.post('d')).status).toBe(200);
});

it('PROTOCOL 3.4: there are no more readers than allowed; one that leaves makes room', async () => {
  const server = inProcess({ maxReaders: 1 });
  await server.post('c/0', 'zero');
  const waiting = await server.wait('c/1');
  const refused = await server.get('c/0');
  expect(refused.status).toBe(503);
  expect(await refused.text()).toBe('Too many readers\n');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await server.get('c/9')).status).toBe(470);
  await waiting.abort();
  expect(await (await server.get('c/0')).text()).toBe('zero');
  expect(await server.metric('refusals_total{reason="too_many_readers"}')).toBe(1);
});

it('TRICKLE 10: a create hook that refuses is answered with its status and text, and nothing is created', async () => {
  const server = inProcess({
    beforeCreate(name) {
      if (name === 'paid') throw new Refusal(402, 'Pay first');
      if (name === 'odd') throw new Refusal(200, 'Not a refusal');
      if (name === 'broken') throw new Error('the policy server is down');
    },
  });
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (...what: unknown[]) => printed.push(...what);
  const answers = await Promise.all(['paid', 'odd', 'broken'].map((name) => server.post(name)));
  console.error = error;
  expect(answers.map(({ status }) => status)).toEqual([402, 400, 500]);
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual([
    'Pay first\n',
    'Not a refusal\n',
    'Server error\n',
  ]);
  expect(printed).toEqual([new Error('the policy server is down')]);
  expect(server.trickle.list()).toEqual([]);
  expect(await server.metric('refusals_total{reason="policy"}')).toBe(2);
});

it('TRICKLE 11: it sees the name and the headers before the channel exists', async () => {
  const seen: unknown[] = [];
  const server = inProcess({
    async beforeCreate(name, headers) {
      await turn();
      seen.push([name, headers.get(Header.expectContent), server.trickle.get(name)]);
    },
  });
  await server.post('a%20b', undefined, { [Header.expectContent]: 'text/plain' });
  expect(seen).toEqual([['a b', 'text/plain', undefined]]);
});

it('TRICKLE 12: it is asked when a POST of a segment would create the channel, too', async () => {
  const server = inProcess({
    beforeCreate() {
      throw new Refusal(403, 'No');
    },
  });
  const answer = await server.post('c/0', 'x');
  expect(answer.status).toBe(403);
  expect(answer.headers.get('connection')).toBe('close');
  expect((await server.get('c/next')).status).toBe(404);
});

it('TRICKLE 13: a delete hook that refuses leaves the channel as it is', async () => {
  const server = inProcess({
    beforeDelete(_name, headers) {
      if (headers.get('authorization') !== 'Bearer good') throw new Refusal(401, 'Who are you?');
    },
  });
  await server.post('c/0', 'zero');
  const answer = await server.remove('c');
  expect([answer.status, await answer.text()]).toEqual([401, 'Who are you?\n']);
  expect(await (await server.get('c/0')).text()).toBe('zero');
});

it('a channel that is deleted while policy thinks is not brought back by the POST that asked', async () => {
  const asked = Promise.withResolvers<void>();
  const allowed = Promise.withResolvers<void>();
  const server = inProcess({
    async beforeCreate(_name, headers) {
      if (!headers.has('x-slow')) return;
      asked.resolve();
      await allowed.promise;
    },
  });
  const late = server.post('c/0', 'late', { 'X-Slow': '1' });
  await asked.promise;
  await server.post('c');
  await server.remove('c');
  allowed.resolve();
  expect(told(await late)).toEqual({ closed: 'terminated' });
  expect(server.trickle.list()).toEqual([]);
});

it('options that cannot be used are refused', () => {
  for (const options of [{ keepMs: -1 }, { maxReaders: Number.NaN }, { segmentBytes: 0 }]) {
    expect(() => inProcess(options)).toThrow(expect.objectContaining({ code: 'invalid' }));
  }
  expect(() => inProcess({ channels: [{ name: '..', mime: 'text/plain' }] })).toThrow('not a channel name');
  expect(() => inProcess().trickle.create('c', 'text/plain\r\nX: y')).toThrow('not a media type');
});

it('PROTOCOL 3.1: a media type of any length but 1 to 255 bytes is answered 400, by a create and by a POST that would create, and nothing is created', async () => {
  const { trickle, post, metric } = inProcess();
  const long = `text/${'x'.repeat(251)}`;
  for (const answer of [
    await post('c', undefined, { 'Expect-Content': long }),
    await post('c', undefined, { 'Expect-Content': 'text/\u0001' }),
    await post('c/0', 'zero', { 'Content-Type': long }),
  ]) {
    expect([answer.status, await answer.text()]).toEqual([400, 'Invalid media type\n']);
  }
  expect(trickle.list()).toEqual([]);
  expect(await metric('refusals_total{reason="malformed"}')).toBe(3);
  expect((await post('c', undefined, { 'Expect-Content': long.slice(0, 255) })).status).toBe(200);
});
