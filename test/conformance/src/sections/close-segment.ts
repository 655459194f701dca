/** Closing a segment. PROTOCOL.md section 3.6. */
import { Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';

const QUOTE_CLOSED = '200, empty, also when the segment is finished already; its bytes stay readable.';
const QUOTE_NONE =
  '400 `Nonexistent segment` when there is none of that seq (also for negative seqs); 404 `Stream not found` without a channel.';
const QUOTE_END =
  'Readers get the end, writers the early 200 of 3.2. The head passes the segment: it never stays on one that is finished.';

export const closeSegment: readonly Case[] = [
  {
    id: 'TRICKLE 72',
    title: 'deleting a finished segment is 200 and leaves it readable; a missing one is 400, a missing channel 404',
    quote: QUOTE_CLOSED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      answers(await wire.ask('DELETE', `${c}/0`), 200, { body: '' });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'zero' });
      answers(await wire.ask('DELETE', `${c}/5`), 400, { body: `${Reason.nonexistentSegment}\n` });
      answers(await wire.ask('DELETE', `${wire.name()}/0`), 404, { body: `${Reason.streamNotFound}\n` });
    },
  },
  {
    id: 'TRICKLE 74',
    title: 'deleting -1 or a word is 400, and neither this channel nor another is harmed',
    quote: QUOTE_NONE,
    needs: ['autocreate'],
    async run(wire) {
      const [c, other] = [await wire.channel(), await wire.channel()];
      await wire.publish(`${c}/0`, 'zero');
      answers(await wire.ask('DELETE', `${c}/-1`), 400, { body: `${Reason.nonexistentSegment}\n` });
      answers(await wire.ask('DELETE', `${c}/abc`), 400, { body: `${Reason.invalidIdx}\n` });
      for (const channel of [c, other]) await wire.publish(`${channel}/-1`, 'next');
      answers(await wire.ask('GET', `${c}/1`), 200, { body: 'next' });
      answers(await wire.ask('GET', `${other}/0`), 200, { body: 'next' });
    },
  },
  {
    id: 'PROTOCOL 3.6 open',
    title: 'deleting a segment that is being written ends its readers and its writer; its bytes stay',
    quote: QUOTE_END,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      post.send('half');
      await reader.receives('half');
      answers(await wire.ask('DELETE', `${c}/0`), 200, { body: '' });
      answers(await reader.answer(), 200, { body: 'half', trailers: {} });
      answers(await post.answer(), 200, { seq: 0, closed: null });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'half', aborted: null });
    },
  },
  {
    id: 'PROTOCOL 3.6 awaited',
    title: 'deleting a segment that is only waited for ends the waiting reader, empty, and the head passes it',
    quote: QUOTE_END,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      await reader.hangs();
      answers(await wire.ask('DELETE', `${c}/0`), 200);
      answers(await reader.answer(), 200, { seq: 0, closed: null, body: '' });
      same('head', await wire.latest(c), 1);
      await (await wire.open('GET', `${c}/1`)).hangs();
    },
  },
];
