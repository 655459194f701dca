/** How a server stops. PROTOCOL.md section 4.8. */
import { Header, Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, holds } from '../expect.ts';

const QUOTE_NO_CLOSED = 'A server that stops does not close channels: it says nothing of `Closed`.';
const QUOTE_WAITING = 'answers waiting readers and byte-less writers the same way';
const QUOTE_OPEN =
  'delivers every byte it has accepted to the readers attached, ends open segments as aborted, and closes its connections.';
const STOPPING = { body: `${Reason.stopping}\n`, closed: null, retryAfter: 1 };

export const stop: readonly Case[] = [
  {
    id: 'PROTOCOL 4.8 waiting reader',
    title: 'a waiting reader is answered 503 with Retry-After, without Closed',
    quote: '| the server stops (4.8) | 503 `Server is stopping`, `Retry-After` |',
    needs: ['autocreate', 'stop'],
    async run(wire) {
      const reader = await wire.open('GET', `${await wire.channel()}/0`);
      await reader.hangs();
      await wire.stop();
      answers(await reader.answer(), 503, STOPPING);
      await reader.closes();
    },
  },
  {
    id: 'PROTOCOL 4.8 byte-less writer',
    title: 'a preconnect is answered 503 with Retry-After and Connection: close',
    quote: '| the server stops (4.8) | 503 `Server is stopping`, `Retry-After`, `Connection: close` |',
    needs: ['autocreate', 'stop'],
    async run(wire) {
      const post = await wire.open('POST', `${await wire.channel()}/0`);
      await post.hangs();
      await wire.stop();
      answers(await post.answer(), 503, { ...STOPPING, connection: 'close' });
      await post.closes();
    },
  },
  {
    id: 'PROTOCOL 4.8 closed',
    title: 'no answer of a stopping server says Closed',
    quote: QUOTE_NO_CLOSED,
    needs: ['autocreate', 'stop'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader, waiting] = [
        await wire.open('POST', `${c}/0`),
        await wire.open('GET', `${c}/0`),
        await wire.open('GET', `${c}/1`),
      ];
      post.send('x');
      await reader.receives('x');
      await wire.stop();
      answers(await reader.answer(), 200, { closed: null });
      answers(await waiting.answer(), 503, { closed: null });
    },
  },
  {
    id: 'PROTOCOL 4.8 open segment',
    title: 'a reader of an open segment gets every byte that was taken, and the trailer that says aborted',
    quote: QUOTE_OPEN,
    needs: ['autocreate', 'aborted', 'stop'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      post.send('half');
      await reader.receives('half');
      await wire.stop();
      answers(await reader.answer(), 200, { body: 'half', trailers: { [Header.aborted]: '1' } });
      await reader.closes();
    },
  },
  {
    id: 'PROTOCOL 4.8 idle connection',
    title: 'a connection on which nothing is asked is closed, in order',
    quote: QUOTE_OPEN,
    needs: ['autocreate', 'stop', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const connection = await wire.connect();
      const exchange = wire.on(connection, 'GET', `${c}/next`);
      answers(await exchange.answer(), 200);
      await wire.stop();
      await exchange.closes();
    },
  },
  {
    id: 'PROTOCOL 4.8 new work',
    title: 'a request after the stop is 503 or finds nobody listening',
    quote: 'It accepts no new work (503, `Retry-After: 1`, `Connection: close`)',
    needs: ['autocreate', 'stop'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/1`);
      await reader.hangs();
      await wire.stop();
      answers(await reader.answer(), 503);
      const answer = await wire.ask('POST', `${c}/0`, { body: 'x' }).catch(() => undefined);
      if (answer !== undefined) answers(answer, 503, { closed: null, retryAfter: 1 });
      holds('no 200', answer?.status !== 200, answer?.status);
    },
  },
  {
    id: 'PROTOCOL 4.8 refused waiting',
    title: 'the server ends the waiting GETs of many connections alike',
    quote: QUOTE_WAITING,
    needs: ['autocreate', 'stop'],
    async run(wire) {
      const c = await wire.channel();
      const readers = await Promise.all(Array.from({ length: 20 }, () => wire.open('GET', `${c}/0`)));
      await Promise.all(readers.map((reader) => reader.hangs()));
      await wire.stop();
      for (const reader of readers) answers(await reader.answer(), 503, STOPPING);
    },
  },
];
