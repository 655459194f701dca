/** Lp-Trickle-Reset. PROTOCOL.md section 4.3. */
import { Header } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';

const QUOTE =
  "`Lp-Trickle-Reset` with any non-empty value on a POST closes every unfinished segment with a seq smaller than the POST's own (after `-1` is resolved).";

export const reset: readonly Case[] = [
  {
    id: 'TRICKLE 40',
    title: 'a POST of -1 with Reset releases the reader of the half-written segment, whose bytes stay',
    quote: QUOTE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      post.send('Hello');
      await reader.receives('Hello');
      answers(await wire.publish(`${c}/-1`, 'after-reset', { [Header.reset]: 'true' }), 200, { seq: 1 });
      answers(await reader.answer(), 200, { body: 'Hello', trailers: {} });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'Hello', aborted: null });
      answers(await wire.ask('GET', `${c}/1`), 200, { body: 'after-reset' });
    },
  },
  {
    id: 'TRICKLE 42',
    title: 'an empty Reset header closes nothing',
    quote: 'with any non-empty value',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      post.send('Hello');
      await reader.receives('Hello');
      await wire.publish(`${c}/1`, 'one', { [Header.reset]: '' });
      await reader.hangs();
      post.send(' world');
      post.end();
      answers(await reader.answer(), 200, { body: 'Hello world' });
    },
  },
  {
    id: 'PROTOCOL 4.3 waiting',
    title: 'Reset closes segments that are only preconnected or waited for, too, before its own body has begun',
    quote: QUOTE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      await Promise.all([post.hangs(), reader.hangs()]);
      await wire.open('POST', `${c}/1`, { [Header.reset]: '1' });
      answers(await reader.answer(), 200, { seq: 0, body: '', closed: null });
      answers(await post.answer(), 200, { seq: 0, closed: null });
    },
  },
  {
    id: 'PROTOCOL 4.3 not later',
    title: 'Reset leaves segments of equal and higher seq alone',
    quote: 'Segments of equal or higher seq are left alone.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [equal, higher] = [await wire.open('POST', `${c}/1`), await wire.open('POST', `${c}/2`)];
      await Promise.all([equal.hangs(), higher.hangs()]);
      equal.send('first ');
      await wire.headIs(c, 2);
      const post = await wire.open('POST', `${c}/1`, { [Header.reset]: '1' });
      await Promise.all([post.hangs(), equal.hangs(), higher.hangs()]);
      higher.send('two');
      higher.end();
      answers(await higher.answer(), 200, { seq: 2 });
      answers(await wire.ask('GET', `${c}/2`), 200, { body: 'two' });
    },
  },
];
