/** 100 Continue. PROTOCOL.md section 3.2. */
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';

const QUOTE_WAITING =
  'While a POST waits for its first byte the server sends `100 Continue` after 10 s and then every 25 s, so that proxies keep the request.';

export const provisional: readonly Case[] = [
  {
    id: 'TRICKLE 26',
    title: 'a preconnect is sent a 100 after 10 s, none before, and its body is taken after that',
    quote: QUOTE_WAITING,
    needs: ['autocreate', 'sockets'],
    seconds: 11,
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      await post.hangs(8_000);
      same('the first 1xx', await post.until('100 Continue', () => post.provisional[0]), 100);
      post.send('hello');
      post.end();
      answers(await post.answer(), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello' });
    },
  },
  {
    id: 'PROTOCOL 3.2 second 100',
    title: 'the second 100 comes 25 s after the first, and not sooner',
    quote: QUOTE_WAITING,
    needs: ['autocreate', 'sockets'],
    seconds: 36,
    async run(wire) {
      const post = await wire.open('POST', `${await wire.channel()}/0`);
      await post.until('100 Continue', () => post.provisional[0], 15_000);
      await post.hangs(22_000);
      same('the second 1xx', await post.until('a second 100', () => post.provisional[1], 8_000), 100);
    },
  },
  {
    id: 'TRICKLE 28',
    title: 'after the first byte no 1xx comes, however long the writer stalls',
    quote: 'After the first byte it sends none.',
    needs: ['autocreate', 'sockets'],
    seconds: 12,
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      post.send('x');
      await wire.headIs(c, 1);
      await post.hangs(11_500);
      post.end();
      answers(await post.answer(), 200);
      same('1xx answers', post.provisional.length, 0);
    },
  },
  {
    id: 'TRICKLE 29',
    title: 'Expect: 100-continue is answered by a 100 at once, and by 200 after the body',
    quote: '`Expect: 100-continue` is answered by a 100 at once.',
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`, { Expect: '100-continue' });
      same('the first 1xx', await post.until('100 Continue', () => post.provisional[0]), 100);
      post.send('hello');
      post.end();
      answers(await post.answer(), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello' });
    },
  },
];
