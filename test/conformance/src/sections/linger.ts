/** What stays of a closed channel. PROTOCOL.md section 4.5. */
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_LINGER = 'With a linger time (default 0) a closed channel stays readable to its end for that long.';
const QUOTE_CREATE = 'An explicit create ends both.';
const ROW_AFTER =
  '| channel closed but lingering, seq at or after the head | at once: 200, `Content-Length: 0`, `Lp-Trickle-Seq`, ' +
  '`Lp-Trickle-Latest`, `Lp-Trickle-Closed: terminated` |';

/** A channel of two segments that has just been deleted. */
async function lingering(wire: Wire): Promise<string> {
  const c = await wire.channel('text/plain');
  for (const seq of [0, 1]) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
  answers(await wire.ask('DELETE', c), 200);
  return c;
}

function passes(wire: Wire, feature: 'linger' | 'tombstone'): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Number(wire.features.get(feature)) + 500));
}

export const linger: readonly Case[] = [
  {
    id: 'TRICKLE 76',
    title:
      'a closed channel stays readable; at its head GET is 200 with Closed, over and over; POST is 404 with Closed',
    quote: QUOTE_LINGER,
    needs: ['autocreate', 'linger'],
    async run(wire) {
      const c = await lingering(wire);
      for (const seq of [0, 1]) answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq, body: `segment ${seq}` });
      for (let round = 0; round < 3; round += 1)
        answers(await wire.ask('GET', `${c}/2`), 200, { seq: 2, latest: 2, closed: 'terminated', body: '' });
      const post = await wire.open('POST', `${c}/2`);
      answers(await post.answer(), 404, { closed: 'terminated', connection: 'close' });
    },
  },
  {
    id: 'PROTOCOL 3.4 lingering kept',
    title: 'a segment of a lingering channel is read as ever, without Closed',
    quote: '| channel closed but lingering, segment kept | as ever, without `Lp-Trickle-Closed` |',
    needs: ['autocreate', 'linger'],
    async run(wire) {
      const c = await lingering(wire);
      const expected = { seq: 1, latest: 2, closed: null, type: 'text/plain', body: 'segment 1' };
      answers(await wire.ask('GET', `${c}/1`), 200, expected);
      answers(await wire.ask('GET', `${c}/-2`), 200, expected);
    },
  },
  {
    id: 'PROTOCOL 3.4 lingering after',
    title: 'seqs at and after the head of a lingering channel, and -1, are the end at once',
    quote: ROW_AFTER,
    needs: ['autocreate', 'linger'],
    async run(wire) {
      const c = await lingering(wire);
      for (const [path, seq] of [
        ['2', 2],
        ['-1', 2],
        ['9', 9],
      ])
        answers(await wire.ask('GET', `${c}/${path}`), 200, {
          length: 0,
          seq: Number(seq),
          latest: 2,
          closed: 'terminated',
        });
    },
  },
  {
    id: 'PROTOCOL 3.7 lingering',
    title: 'deleting a lingering channel is 400 and does not end the lingering',
    quote: 'An absent or lingering channel: **400** `Invalid stream`.',
    needs: ['autocreate', 'linger'],
    async run(wire) {
      const c = await lingering(wire);
      answers(await wire.ask('DELETE', c), 400);
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'segment 0' });
    },
  },
  {
    id: 'PROTOCOL 4.5 holes',
    title: 'a hole is released when its channel is closed, and says so afterwards',
    quote: 'Its holes are released with its closing.',
    needs: ['autocreate', 'linger', 'skipped'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/2`, 'two');
      answers(await wire.ask('DELETE', c), 200);
      answers(await wire.ask('GET', `${c}/1`), 200, { seq: 1, skipped: 1, closed: null, body: '' });
      answers(await wire.ask('GET', `${c}/2`), 200, { body: 'two' });
    },
  },
  {
    id: 'PROTOCOL 4.5 linger ends',
    title: 'after the linger time the channel is absent',
    quote: QUOTE_LINGER,
    needs: ['autocreate', 'linger<=3000'],
    seconds: 3,
    async run(wire) {
      const c = await lingering(wire);
      await passes(wire, 'linger');
      answers(await wire.ask('GET', `${c}/0`), 404);
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'PROTOCOL 4.5 create ends linger',
    title: 'creating a lingering channel forgets its segments and begins at head 0',
    quote: QUOTE_CREATE,
    needs: ['autocreate', 'linger'],
    async run(wire) {
      const c = await lingering(wire);
      answers(await wire.ask('POST', c), 200);
      answers(await wire.ask('GET', `${c}/next`), 200, { body: '0', closed: null });
      await (await wire.open('GET', `${c}/0`)).hangs();
    },
  },
  {
    id: 'PROTOCOL 4.5 tombstone',
    title: 'a deleted name refuses every segment, whichever seq',
    quote:
      'A tombstone, only where autocreate is on, refuses segment POSTs to a closed name for 10 s after it closed (and while it lingers)',
    needs: ['autocreate', 'tombstone'],
    async run(wire) {
      const c = await lingering(wire);
      for (const seq of ['0', '2', '-1'])
        answers(await wire.ask('POST', `${c}/${seq}`, { body: 'late' }), 404, { closed: 'terminated' });
    },
  },
  {
    id: 'PROTOCOL 4.5 tombstone ends',
    title: 'after the tombstone and linger times a POST makes the channel again',
    quote: 'A tombstone, only where autocreate is on, refuses segment POSTs to a closed name for 10 s after it closed',
    needs: ['autocreate', '!linger', 'tombstone<=3000'],
    seconds: 3,
    async run(wire) {
      const c = await lingering(wire);
      await passes(wire, 'tombstone');
      answers(await wire.ask('POST', `${c}/0`, { body: 'again' }), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'again' });
    },
  },
];
