/** Readers at the live edge: who waits, for how long, and what ends it. PROTOCOL.md section 3.4. */
import { Header } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';
import type { Wire } from '../wire/wire.ts';

const ROW_WAITS =
  '| nothing written yet, at the head; or seq 1 while the head is 0; or a segment that a writer has preconnected | the request ' +
  '**waits**: not even the status line is sent. With the first byte: 200 as for a segment being written';
const ROW_EMPTY =
  "| a waiting request's segment ends without a byte | 200, `Content-Length: 0`, no `Content-Type`, `Lp-Trickle-Seq`, `Lp-Trickle-Latest` |";
const ROW_NOT_THERE =
  '| any other seq: it has left the window, or is ahead of the head | 470 `Entry not found`, `Lp-Trickle-Latest`, ' +
  '`Lp-Trickle-Seq` (the number as asked) |';

async function readersIn(wire: Wire, channel: string): Promise<number> {
  const listing = JSON.parse((await wire.ask('GET', '_channels')).body.toString());
  return listing.channels.find((entry: { name: string }) => entry.name === channel)?.readers;
}

export const waiting: readonly Case[] = [
  {
    id: 'TRICKLE 46',
    title: 'on a fresh channel GET of 0, 1, -1 and -2 wait; 2 and 5 are 470 with head 0',
    quote: ROW_WAITS,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const readers = await Promise.all([0, 1, -1, -2].map((seq) => wire.open('GET', `${c}/${seq}`)));
      await Promise.all(readers.map((reader) => reader.hangs()));
      answers(await wire.ask('GET', `${c}/2`), 470, { latest: 0, seq: 2 });
      answers(await wire.ask('GET', `${c}/5`), 470, { latest: 0, seq: 5 });
    },
  },
  {
    id: 'TRICKLE 47',
    title: 'with head 3 GET of 3 and -1 wait; 4 is 470 with head 3',
    quote: ROW_NOT_THERE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 3; seq += 1) await wire.publish(`${c}/${seq}`, 'x');
      const readers = [await wire.open('GET', `${c}/3`), await wire.open('GET', `${c}/-1`)];
      await Promise.all(readers.map((reader) => reader.hangs()));
      answers(await wire.ask('GET', `${c}/4`), 470, { latest: 3, seq: 4 });
    },
  },
  {
    id: 'TRICKLE 48',
    title: 'a waiting GET is sent no head before the first byte, and its head with it',
    quote: "Withholding the head is the subscriber's preconnect",
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      await reader.hangs(1_000);
      post.send('x');
      answers(await reader.head(), 200, { seq: 0 });
      await reader.receives('x');
    },
  },
  {
    id: 'TRICKLE 49',
    title: 'a GET that was asked before the first byte has Seq and Content-Type but no Latest',
    quote: ROW_WAITS,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel('text/plain');
      const reader = await wire.open('GET', `${c}/0`);
      await reader.hangs();
      const post = await wire.open('POST', `${c}/0`);
      post.send('x');
      answers(await reader.head(), 200, { seq: 0, type: 'text/plain', latest: null, size: null, length: null });
    },
  },
  {
    id: 'PROTOCOL 3.4 preconnected',
    title: 'a segment ahead of the head that a writer has preconnected is waited for',
    quote: ROW_WAITS,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/3`);
      await post.hangs();
      const reader = await wire.open('GET', `${c}/3`);
      await reader.hangs();
      post.send('three');
      post.end();
      answers(await reader.answer(), 200, { seq: 3, body: 'three' });
    },
  },
  {
    id: 'PROTOCOL 3.4 seq 1',
    title: 'a GET of 1 that waits on a fresh channel is served when 1 is written, after 0',
    quote: 'or seq 1 while the head is 0',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/1`);
      await reader.hangs();
      await wire.publish(`${c}/0`, 'zero');
      await reader.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await reader.answer(), 200, { seq: 1, body: 'one' });
    },
  },
  {
    id: 'PROTOCOL 3.4 empty',
    title: 'a waiting GET whose segment ends without a byte is 200, empty, with Seq and Latest',
    quote: ROW_EMPTY,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      await reader.hangs();
      await wire.publish(`${c}/0`, '');
      answers(await reader.answer(), 200, { length: 0, type: null, seq: 0, latest: 1, closed: null, body: '' });
    },
  },
  {
    id: 'PROTOCOL 3.4 closed while waiting',
    title: 'a waiting GET whose channel is closed is 200, empty, with Closed',
    quote: '| … because the channel was closed | the same with `Lp-Trickle-Closed: terminated` |',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const readers = [await wire.open('GET', `${c}/0`), await wire.open('GET', `${c}/1`)];
      await Promise.all(readers.map((reader) => reader.hangs()));
      answers(await wire.ask('DELETE', c), 200);
      for (const [seq, reader] of readers.entries()) {
        const expected = { length: 0, type: null, seq, latest: true, closed: 'terminated', body: '' } as const;
        answers(await reader.answer(), 200, expected);
      }
    },
  },
  {
    id: 'TRICKLE 56',
    title: 'a reader that asks beyond the head and then for Latest waits for the head',
    quote: ROW_NOT_THERE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 12; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      const refused = answers(await wire.ask('GET', `${c}/20`), 470, { latest: 12, seq: 20 });
      const reader = await wire.open('GET', `${c}/${refused.fields.get(Header.latest.toLowerCase())}`);
      await reader.hangs();
      await wire.publish(`${c}/12`, 'twelve');
      answers(await reader.answer(), 200, { seq: 12, body: 'twelve' });
    },
  },
  {
    id: 'TRICKLE 57',
    title: '-2 after many segments is the newest finished one, and reading goes on from there',
    quote: 'so `-2` is the segment being written, else the last finished one',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 12; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      answers(await wire.ask('GET', `${c}/-2`), 200, { seq: 11, latest: 12, body: 'segment 11' });
      const reader = await wire.open('GET', `${c}/12`);
      await reader.hangs();
      await wire.publish(`${c}/12`, 'twelve');
      answers(await reader.answer(), 200, { seq: 12, body: 'twelve' });
    },
  },
  {
    id: 'TRICKLE 63',
    title: 'a client that gives a waiting GET up and asks again, over and over, gets the first byte',
    quote: 'A subscriber that disconnects while it waits is forgotten at once.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 3; seq += 1) {
        for (let round = 0; round < 5; round += 1) (await wire.open('GET', `${c}/${seq}`)).abort();
        const reader = await wire.open('GET', `${c}/${seq}`);
        await reader.hangs();
        const post = await wire.open('POST', `${c}/${seq}`);
        post.send('x');
        await reader.receives('x');
        post.end();
        answers(await reader.answer(), 200, { seq, body: 'x' });
      }
    },
  },
  {
    id: 'PROTOCOL 3.4 forgotten',
    title: 'waiting readers that hang up are no longer counted as readers',
    quote: 'A subscriber that disconnects while it waits is forgotten at once.',
    needs: ['autocreate', 'listing'],
    async run(wire) {
      const c = await wire.channel();
      const readers = await Promise.all(Array.from({ length: 10 }, () => wire.open('GET', `${c}/0`)));
      await Promise.all(readers.map((reader) => reader.hangs()));
      same('readers', await readersIn(wire, c), 10);
      for (const reader of readers) reader.abort();
      const deadline = Date.now() + 5_000;
      while ((await readersIn(wire, c)) !== 0 && Date.now() < deadline) await new Promise(setImmediate);
      same('readers', await readersIn(wire, c), 0);
    },
  },
  {
    id: 'PROTOCOL 3.4 pipelined edge',
    title: 'the next request on a connection whose GET still waits is answered after it, in order',
    quote: ROW_WAITS,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const connection = await wire.connect();
      const reader = wire.on(connection, 'GET', `${c}/0`);
      connection.write(`GET ${wire.path(`${c}/next`)} HTTP/1.1\r\nHost: ${wire.url.host}\r\n\r\n`);
      await reader.hangs();
      await wire.publish(`${c}/0`, 'zero');
      answers(await reader.answer(), 200, { body: 'zero' });
      const next = connection.awaitAnswer('GET', 'next, sent before');
      answers(await next.answer(), 200, { body: /^[01]$/ });
    },
  },
];
