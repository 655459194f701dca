/** Closing a channel. PROTOCOL.md section 3.7. */
import { Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';
import { POLICY_HEADER, refusalOf } from '../policy.ts';

const QUOTE_ABSENT = '200, empty. An absent or lingering channel: **400** `Invalid stream`.';
const QUOTE_OPEN =
  'All open segments end without the trailer, waiting readers and writers are answered as in 3.2 and 3.4.';
const QUOTE_DRAIN =
  'Before it closes the channel the server reads what has already reached its sockets, so that a publisher which writes, ' +
  'hangs up and deletes at once loses nothing that arrived.';

export const closeChannel: readonly Case[] = [
  {
    id: 'TRICKLE 14',
    title: 'without linger, a deleted channel has no next, and deleting it again is 400',
    quote: QUOTE_ABSENT,
    needs: ['autocreate', '!linger'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.ask('DELETE', c), 200, { body: '' });
      answers(await wire.ask('GET', `${c}/next`), 404);
      answers(await wire.ask('DELETE', c), 400, { body: `${Reason.invalidStream}\n` });
    },
  },
  {
    id: 'PROTOCOL 3.7 absent',
    title: 'deleting a channel that never was, and one that was deleted, is 400',
    quote: QUOTE_ABSENT,
    needs: ['autocreate'],
    async run(wire) {
      answers(await wire.ask('DELETE', wire.name()), 400, { body: `${Reason.invalidStream}\n` });
      const c = await wire.channel();
      answers(await wire.ask('DELETE', c), 200, { body: '' });
      answers(await wire.ask('DELETE', c), 400, { body: `${Reason.invalidStream}\n` });
    },
  },
  {
    id: 'TRICKLE 15',
    title: 'without linger, a new subscriber and a new publisher of a deleted channel both get 404',
    quote: 'it closes by DELETE, by the idle sweep or by its owner.',
    needs: ['autocreate', '!linger', 'tombstone'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      answers(await wire.ask('DELETE', c), 200);
      for (const seq of ['0', '1', '-1', '-2']) answers(await wire.ask('GET', `${c}/${seq}`), 404);
      answers(await wire.ask('POST', `${c}/1`, { body: 'x' }), 404);
    },
  },
  {
    id: 'TRICKLE 71',
    title: 'without linger, who had read two segments of a deleted channel gets 404, and so does its publisher',
    quote: 'An absent channel is 404.',
    needs: ['autocreate', '!linger', 'tombstone'],
    async run(wire) {
      const c = await wire.channel();
      for (const seq of [0, 1]) await wire.publish(`${c}/${seq}`, 'x');
      for (const seq of [0, 1]) answers(await wire.ask('GET', `${c}/${seq}`), 200, { body: 'x' });
      answers(await wire.ask('DELETE', c), 200);
      answers(await wire.ask('GET', `${c}/2`), 404);
      answers(await wire.ask('GET', `${c}/next`), 404);
      answers(await wire.ask('POST', `${c}/2`, { body: 'x' }), 404, { closed: 'terminated', connection: 'close' });
    },
  },
  {
    id: 'TRICKLE 13',
    title: 'policy that refuses a delete with 401, or fails, is answered so, and the channel lives on',
    quote: 'Policy may refuse as in 3.1.',
    needs: ['autocreate', 'policy'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      const refused = await wire.ask('DELETE', c, { headers: { [POLICY_HEADER]: '401' } });
      answers(refused, 401, { body: `${refusalOf(c)}\n` });
      answers(await wire.ask('DELETE', c, { headers: { [POLICY_HEADER]: 'throw' } }), 500);
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'zero' });
      answers(await wire.ask('DELETE', c), 200);
    },
  },
  {
    id: 'PROTOCOL 3.7 open segments',
    title: 'deleting a channel ends all its open segments, without the trailer',
    quote: QUOTE_OPEN,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const seqs = [0, 1, 2];
      const posts = await Promise.all(seqs.map((seq) => wire.open('POST', `${c}/${seq}`)));
      const readers = await Promise.all(seqs.map((seq) => (seq < 2 ? wire.open('GET', `${c}/${seq}`) : undefined)));
      for (const [seq, post] of posts.entries()) {
        post.send(`half ${seq}`);
        await wire.headIs(c, seq + 1);
      }
      answers(await wire.ask('DELETE', c), 200);
      for (const [seq, reader] of readers.entries())
        if (reader !== undefined) answers(await reader.answer(), 200, { body: `half ${seq}`, trailers: {} });
      for (const [seq, post] of posts.entries()) answers(await post.answer(), 200, { seq });
    },
  },
  {
    id: 'PROTOCOL 3.7 drain',
    title: 'a publisher that writes, hangs up and deletes at once loses nothing, thirty times over',
    quote: QUOTE_DRAIN,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      for (let round = 0; round < 30; round += 1) {
        const c = await wire.channel();
        const reader = await wire.open('GET', `${c}/0`);
        await reader.hangs(20);
        const deleting = await wire.connect();
        const post = await wire.open('POST', `${c}/0`);
        post.send('the last words');
        post.abort();
        const deleted = wire.on(deleting, 'DELETE', c);
        answers(await reader.answer(), 200, { body: 'the last words' });
        answers(await deleted.answer(), 200);
      }
    },
  },
];
