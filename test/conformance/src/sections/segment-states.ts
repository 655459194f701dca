/** What becomes of a segment: heads, writers that die, holes. PROTOCOL.md section 4.2. */
import { Header } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';
import type { Exchange } from '../wire/exchange.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_HEAD = 'The head becomes `max(head, seq+1)` with that byte, and never moves backwards within an epoch.';
const QUOTE_DIES =
  'A **writer that dies** (its connection breaks before its body ended) leaves the segment as it is. A new POST of the same seq appends.';
const QUOTE_ABORTED =
  'If no writer is left, bytes were written and no writer ended well, the segment becomes **aborted** when a byte of a later seq arrives or ' +
  'after the resume time.';
const QUOTE_LAST =
  'If others are left, it closes when the last of them ends, when they have sent no byte for the resume time (5 s), or when a byte of a ' +
  'later seq arrives, whichever is first.';
const QUOTE_HOLE =
  'It is released one hole time (1 s) after the head passed it, all holes of one jump of the head together';
const ROW_ABORTED =
  '| the segment was aborted (4.2) | all bytes there are, with the header `Lp-Trickle-Aborted: 1` if it was known when the head was sent, ' +
  'else with the trailer |';
const ABORTED = { [Header.aborted]: '1' };

/** A channel whose segment 0 has a reader and bytes of a writer that is still there. */
async function halfWritten(wire: Wire): Promise<{ c: string; post: Exchange; reader: Exchange }> {
  const c = await wire.channel();
  const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
  post.send('half');
  await reader.receives('half');
  return { c, post, reader };
}

function longerThan(ms: number | true | undefined): number {
  return Number(ms) + 5_000;
}

export const segmentStates: readonly Case[] = [
  {
    id: 'PROTOCOL 4.2 head',
    title: 'the head stays when an older segment is written late, and when an older preconnect is ended',
    quote: QUOTE_HEAD,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [first, second] = [await wire.open('POST', `${c}/1`), await wire.open('POST', `${c}/2`)];
      await Promise.all([first.hangs(), second.hangs()]);
      for (const seq of [0, 3, 4]) await wire.publish(`${c}/${seq}`, 'x');
      answers(await wire.ask('DELETE', `${c}/1`), 200);
      same('head', await wire.latest(c), 5);
      second.send('late');
      second.end();
      answers(await second.answer(), 200, { seq: 2 });
      same('head', await wire.latest(c), 5);
    },
  },
  {
    id: 'TRICKLE 31',
    title: 'a writer that dies leaves its reader waiting; the next POST of the seq appends and ends it',
    quote: QUOTE_DIES,
    needs: ['autocreate'],
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      post.abort();
      await reader.hangs();
      answers(await wire.publish(`${c}/0`, '-resumed'), 200, { seq: 0 });
      answers(await reader.answer(), 200, { body: 'half-resumed', trailers: {} });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'half-resumed', aborted: null });
    },
  },
  {
    id: 'PROTOCOL 4.2 aborted by the next',
    title: 'the segment of a dead writer ends when a later one is written, and says that it was aborted',
    quote: ROW_ABORTED,
    needs: ['autocreate', 'aborted'],
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      post.abort();
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await reader.answer(), 200, { body: 'half', trailers: ABORTED });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'half', aborted: 1 });
    },
  },
  {
    id: 'PROTOCOL 4.2 aborted in time',
    title: 'the segment of a dead writer ends after the resume time, and says that it was aborted',
    quote: QUOTE_ABORTED,
    needs: ['autocreate', 'aborted<=6000'],
    seconds: 5,
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      post.abort();
      await reader.hangs();
      answers(await reader.answer(longerThan(wire.features.get('aborted'))), 200, { body: 'half', trailers: ABORTED });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'half', aborted: 1 });
    },
  },
  {
    id: 'PROTOCOL 4.2 cut by length',
    title: 'a body shorter than its Content-Length is that of a writer that died',
    quote: 'A **writer that dies** (its connection breaks before its body ended)',
    needs: ['autocreate', 'aborted'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      const post = await wire.open('POST', `${c}/0`, {}, 100);
      post.send('half');
      await reader.receives('half');
      post.abort();
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await reader.answer(), 200, { body: 'half', trailers: ABORTED });
    },
  },
  {
    id: 'PROTOCOL 4.2 half-closed body',
    title: 'a writer that ends its side of the connection within its body is a writer that died',
    quote: 'A **writer that dies** (its connection breaks before its body ended)',
    needs: ['autocreate', 'aborted', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      const connection = await wire.connect();
      wire.on(connection, 'POST', `${c}/0`).send('half');
      await reader.receives('half');
      connection.halfClose();
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await reader.answer(), 200, { body: 'half', trailers: ABORTED });
    },
  },
  {
    id: 'PROTOCOL 4.2 bad chunk',
    title: 'a chunk size that is none ends the writer, not the bytes before it nor the channel',
    quote: 'leaves the segment as it is.',
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      const connection = await wire.connect();
      const post = wire.on(connection, 'POST', `${c}/0`);
      post.send('half');
      await reader.receives('half');
      connection.write('zz\r\nhello\r\n');
      await reader.hangs();
      await wire.publish(`${c}/0`, '-resumed');
      answers(await reader.answer(), 200, { body: 'half-resumed' });
    },
  },
  {
    id: 'PROTOCOL 4.2 stays fresh',
    title: 'a segment whose writers all died before a byte is still waited for, and can be written',
    quote: 'A fresh segment whose writers all died stays fresh.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      await post.hangs();
      const reader = await wire.open('GET', `${c}/0`);
      post.abort();
      await reader.hangs();
      same('head', await wire.latest(c), 0);
      await wire.publish(`${c}/0`, 'x');
      answers(await reader.answer(), 200, { body: 'x' });
    },
  },
  {
    id: 'PROTOCOL 4.2 last writer',
    title: 'a segment of two writers ends for its reader with the last of them',
    quote: "**closed**: a writer's body ended and no other writer is left.",
    needs: ['autocreate'],
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      const second = await wire.open('POST', `${c}/0`);
      second.send(' and');
      await reader.receives('half and');
      post.end();
      answers(await post.answer(), 200, { seq: 0 });
      await reader.hangs();
      second.send(' half');
      second.end();
      answers(await second.answer(), 200, { seq: 0 });
      answers(await reader.answer(), 200, { body: 'half and half', trailers: {} });
    },
  },
  {
    id: 'PROTOCOL 4.2 one ended well',
    title: 'a segment of two writers of which one ended well and the other died is closed, not aborted',
    quote: QUOTE_ABORTED,
    needs: ['autocreate'],
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      const second = await wire.open('POST', `${c}/0`);
      second.send(' more');
      await reader.receives('half more');
      post.end();
      answers(await post.answer(), 200);
      second.abort();
      answers(await reader.answer(), 200, { body: 'half more', trailers: {} });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'half more', aborted: null });
    },
  },
  {
    id: 'PROTOCOL 4.2 silent writer',
    title: 'a segment that one writer has ended ends for its reader when the other is silent for the resume time',
    quote: QUOTE_LAST,
    needs: ['autocreate', 'aborted<=6000'],
    seconds: 5,
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      await (await wire.open('POST', `${c}/0`)).hangs();
      post.end();
      answers(await post.answer(), 200);
      answers(await reader.answer(longerThan(wire.features.get('aborted'))), 200, { body: 'half', trailers: {} });
    },
  },
  {
    id: 'PROTOCOL 4.2 later seq',
    title: 'a segment that one of its writers has ended ends when a later one is written',
    quote: QUOTE_LAST,
    needs: ['autocreate'],
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      const second = await wire.open('POST', `${c}/0`);
      second.send('!');
      await reader.receives('half!');
      post.end();
      answers(await post.answer(), 200);
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await reader.answer(), 200, { body: 'half!', trailers: {} });
    },
  },
  {
    id: 'PROTOCOL 4.2 writer goes on',
    title: 'a segment whose writer is alive stays open when a later one is written',
    quote: '**open**: from its first byte.',
    needs: ['autocreate'],
    async run(wire) {
      const { c, post, reader } = await halfWritten(wire);
      await wire.publish(`${c}/1`, 'one');
      await reader.hangs();
      post.send(' and half');
      post.end();
      answers(await reader.answer(), 200, { body: 'half and half', trailers: {} });
    },
  },
  {
    id: 'PROTOCOL 4.2 hole',
    title: 'readers of two holes wait, and are released together, empty and skipped',
    quote: QUOTE_HOLE,
    needs: ['autocreate', 'skipped<=3000'],
    seconds: 1,
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/3`, 'three');
      const readers = [await wire.open('GET', `${c}/1`), await wire.open('GET', `${c}/2`)];
      await Promise.all(readers.map((reader) => reader.hangs()));
      for (const [at, reader] of readers.entries())
        answers(await reader.answer(), 200, { seq: at + 1, skipped: 1, length: 0, type: null, closed: null, body: '' });
    },
  },
  {
    id: 'PROTOCOL 4.2 hole waiting row',
    title: 'a GET of a hole waits until the hole is released and says the head then',
    quote: '| a hole (4.2) | waits until the hole is released |',
    needs: ['autocreate', 'skipped<=3000'],
    seconds: 1,
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/2`, 'two');
      const reader = await wire.open('GET', `${c}/1`);
      await reader.hangs();
      answers(await reader.answer(), 200, { seq: 1, latest: 3, skipped: 1 });
    },
  },
  {
    id: 'PROTOCOL 4.2 hole while waiting',
    title: 'a reader that waited at the head before it jumped is released as a hole',
    quote: '| … because it was released as a hole | the same with `Lp-Trickle-Skipped: 1` |',
    needs: ['autocreate', 'skipped<=3000'],
    seconds: 1,
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await reader.answer(), 200, { seq: 0, length: 0, skipped: 1, type: null, body: '' });
    },
  },
  {
    id: 'PROTOCOL 4.2 hole filled',
    title: 'a hole that is written before it is released is read like any segment',
    quote: 'A **hole** is a seq inside the window, below the head, to which no byte was written.',
    needs: ['autocreate', 'skipped'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      await wire.publish(`${c}/0`, 'late');
      answers(await reader.answer(), 200, { seq: 0, skipped: null, body: 'late' });
    },
  },
  {
    id: 'PROTOCOL 4.2 skipped later',
    title: 'a released hole is answered at once as skipped, and cannot be written any more',
    quote: 'A GET of a skipped seq is answered empty with `Lp-Trickle-Skipped: 1`',
    needs: ['autocreate', 'skipped<=3000'],
    seconds: 1,
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/2`, 'two');
      answers(await (await wire.open('GET', `${c}/1`)).answer(), 200, { skipped: 1 });
      answers(await wire.ask('GET', `${c}/1`), 200, { seq: 1, skipped: 1, body: '' });
      answers(await wire.ask('POST', `${c}/1`, { body: 'x' }), 409, { latest: 3 });
    },
  },
];
