/** Reading segments that are finished or being written. PROTOCOL.md section 3.4. */
import { Header } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, holds, same } from '../expect.ts';
import { AT_ONCE_MS } from '../wire/exchange.ts';
import { field } from '../wire/fields.ts';

const ROW_FINISHED =
  "| finished segment | 200, the channel's `Content-Type`, `Content-Length`, `Lp-Trickle-Size` (the same), " +
  '`Lp-Trickle-Seq`, `Lp-Trickle-Latest` (the head when the request came), the bytes |';
const ROW_OPEN =
  '| segment being written | 200, the same headers without `Content-Length` and `Lp-Trickle-Size`, all bytes so far at ' +
  'once, then each as it comes; chunked, `Trailer: Lp-Trickle-Aborted` |';
const QUOTE_KEEPS =
  '470 leaves the connection open; so does every complete answer unless the request said `Connection: close`.';

export const subscribe: readonly Case[] = [
  {
    id: 'TRICKLE 50',
    title: 'a finished segment comes with its own seq, the head as Latest, and the media type',
    quote: ROW_FINISHED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel('video/MP2T');
      for (const seq of [0, 1, 2]) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      const expected = { type: 'video/MP2T', seq: 1, latest: 3, closed: null, body: 'segment 1' };
      answers(await wire.ask('GET', `${c}/1`), 200, expected);
    },
  },
  {
    id: 'PROTOCOL 3.4 size',
    title: 'a finished segment says its length, twice',
    quote: ROW_FINISHED,
    needs: ['autocreate', 'size'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'hello');
      answers(await wire.ask('GET', `${c}/0`), 200, { length: 5, size: 5, transfer: null, body: 'hello' });
      await wire.publish(`${c}/1`, '');
      answers(await wire.ask('GET', `${c}/1`), 200, { length: 0, body: '' });
    },
  },
  {
    id: 'TRICKLE 51',
    title: 'a late reader of a half-written segment gets all earlier bytes at once and the rest live',
    quote: ROW_OPEN,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel('text/plain');
      const post = await wire.open('POST', `${c}/0`);
      post.send('early ');
      await wire.headIs(c, 1);
      post.send('bytes ');
      const reader = await wire.open('GET', `${c}/0`);
      await reader.receives('early bytes ');
      answers(await reader.head(), 200, { seq: 0, latest: 1, type: 'text/plain', length: null, size: null });
      post.send('live');
      await reader.receives('early bytes live');
      await reader.hangs();
      post.end();
      answers(await reader.answer(), 200, { body: 'early bytes live' });
    },
  },
  {
    id: 'PROTOCOL 3.4 trailer',
    title: 'the head of a segment being written announces the trailer, and chunks',
    quote: ROW_OPEN,
    needs: ['autocreate', 'sockets', 'aborted'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      post.send('x');
      await wire.headIs(c, 1);
      const reader = await wire.open('GET', `${c}/0`);
      answers(await reader.head(), 200, { transfer: 'chunked', trailer: Header.aborted });
      post.end();
      answers(await reader.answer(), 200, { trailers: {}, aborted: null });
    },
  },
  {
    id: 'TRICKLE 30',
    title: 'each chunk reaches a waiting reader before the writer has sent the next',
    quote: 'each reaches the readers as it comes.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      let sent = '';
      for (const chunk of ['one ', 'two ', 'three ']) {
        post.send(chunk);
        sent += chunk;
        await reader.receives(sent);
      }
      post.end();
      answers(await reader.answer(), 200, { body: 'one two three ' });
    },
  },
  {
    id: 'TRICKLE 52',
    title: '-2 is the newest segment, the next seq follows it without a gap, and -1 is the next write',
    quote: 'so `-2` is the segment being written, else the last finished one',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/1`, 'one');
      answers(await wire.ask('GET', `${c}/-2`), 200, { seq: 1, body: 'one' });
      const [after, next] = [await wire.open('GET', `${c}/2`), await wire.open('GET', `${c}/-1`)];
      await Promise.all([after.hangs(), next.hangs()]);
      const post = await wire.open('POST', `${c}/2`);
      post.send('two');
      await Promise.all([after.receives('two'), next.receives('two')]);
      answers(await (await wire.open('GET', `${c}/-2`)).head(), 200, { seq: 2 });
      post.end();
      for (const reader of [after, next]) answers(await reader.answer(), 200, { seq: 2, body: 'two' });
    },
  },
  {
    id: 'TRICKLE 53',
    title: 'four segments are read from any of them, forwards and backwards',
    quote: ROW_FINISHED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 4; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      for (const seq of [0, 1, 2, 3, 2, 1, 0])
        answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq, latest: 4, body: `segment ${seq}` });
    },
  },
  {
    id: 'PROTOCOL 3.4 keep-alive',
    title: 'one connection reads a finished segment, a live one, an empty one and a finished one again',
    quote: QUOTE_KEEPS,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      const connection = await wire.connect();
      answers(await wire.on(connection, 'GET', `${c}/0`).answer(), 200, { body: 'zero' });
      const live = wire.on(connection, 'GET', `${c}/1`);
      await live.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await live.answer(), 200, { body: 'one' });
      const empty = wire.on(connection, 'GET', `${c}/2`);
      await empty.hangs();
      await wire.publish(`${c}/2`, '');
      answers(await empty.answer(), 200, { body: '' });
      answers(await wire.on(connection, 'GET', `${c}/0`).answer(), 200, { body: 'zero' });
    },
  },
  {
    id: 'TRICKLE 58',
    title: 'after a 470 the connection serves the next request',
    quote: QUOTE_KEEPS,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const connection = await wire.connect();
      for (let round = 0; round < 3; round += 1) answers(await wire.on(connection, 'GET', `${c}/9`).answer(), 470);
      answers(await wire.on(connection, 'GET', `${c}/next`).answer(), 200, { body: '0' });
    },
  },
  {
    id: 'TRICKLE 59',
    title: 'a GET with Connection: close is answered, and then the connection ends',
    quote: QUOTE_KEEPS,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      const finished = await wire.open('GET', `${c}/0`, { Connection: 'close' });
      answers(await finished.answer(), 200, { body: 'zero' });
      await finished.closes();
      const live = await wire.open('GET', `${c}/1`, { Connection: 'close' });
      await live.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await live.answer(), 200, { body: 'one' });
      await live.closes();
    },
  },
  {
    id: 'PROTOCOL 3.4 half-close',
    title: 'a reader that has ended its own side of the connection still gets a finished segment',
    quote: ROW_FINISHED,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      const connection = await wire.connect();
      const reader = wire.on(connection, 'GET', `${c}/0`);
      connection.halfClose();
      answers(await reader.answer(), 200, { body: 'zero' });
    },
  },
  {
    id: 'TRICKLE 64',
    title: 'a reader that reads nothing delays neither the writer nor another reader',
    quote: ROW_OPEN,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      const [slow, fast] = [await wire.open('GET', `${c}/0`), await wire.open('GET', `${c}/0`)];
      slow.pause(true);
      for (let chunk = 0; chunk < 128; chunk += 1) post.send(Buffer.alloc(65_536, 'x'));
      post.end();
      answers(await post.answer(2 * AT_ONCE_MS), 200, { seq: 0 });
      same('bytes', (await fast.answer(2 * AT_ONCE_MS)).body.length, 8_388_608);
      slow.pause(false);
      same('bytes', (await slow.answer(2 * AT_ONCE_MS)).body.length, 8_388_608);
    },
  },
  {
    id: 'PROTOCOL 3.4 epoch everywhere',
    title: 'a finished, a live, an empty and a missing segment all say the epoch of the channel',
    quote: 'Every answer but 400, 404 and 503 carries `Lp-Trickle-Epoch`.',
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = wire.name();
      const epoch = field(await wire.ask('POST', c), Header.epoch) ?? '';
      holds('an epoch', epoch !== '', 'none');
      await wire.publish(`${c}/0`, 'zero');
      answers(await wire.ask('GET', `${c}/0`), 200, { epoch });
      answers(await wire.ask('GET', `${c}/9`), 470, { epoch });
      const live = await wire.open('GET', `${c}/1`);
      await live.hangs();
      await wire.publish(`${c}/1`, 'one');
      answers(await live.answer(), 200, { epoch });
      await wire.publish(`${c}/2`, '');
      answers(await wire.ask('GET', `${c}/2`), 200, { epoch });
    },
  },
];
