/** Publishing a segment: bodies, order, preconnects. PROTOCOL.md section 3.2. */
import type { Case } from '../case.ts';
import { answers, holds, same } from '../expect.ts';
import { POLICY_HEADER, refusalOf } from '../policy.ts';

const ROW_ENDED = '| the body has ended | 200, empty, `Lp-Trickle-Seq` |';
const ROW_EMPTY =
  '| the body had no byte | 200, `Lp-Trickle-Seq`; the segment is a valid empty segment and the head passes it |';
const ROW_AUTOCREATE =
  "| channel absent, autocreate on | policy is asked as in 3.1; then the channel is created with the POST's `Content-Type` |";
const QUOTE_CHUNKS = 'It may be sent over hours, in chunks of any size; each reaches the readers as it comes.';
const QUOTE_PRECONNECT = 'It costs nothing, keeps its place, moves no head and refreshes no idle clock.';

export const publish: readonly Case[] = [
  {
    id: 'TRICKLE 21',
    title: 'a POST with a Content-Length is 200, empty, with its seq; the head is 1',
    quote: ROW_ENDED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.ask('POST', `${c}/0`, { body: 'hello' }), 200, { seq: 0, body: '', closed: null });
      same('head', await wire.latest(c), 1);
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello' });
    },
  },
  {
    id: 'PROTOCOL 3.2 chunked',
    title: 'a POST in chunks of one byte and of 64 KiB stores exactly those bytes',
    quote: QUOTE_CHUNKS,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      for (const byte of bytes) post.send(new Uint8Array([byte]));
      post.send(Buffer.alloc(65_536, bytes));
      post.end();
      answers(await post.answer(), 200, { seq: 0, body: '' });
      const read = answers(await wire.ask('GET', `${c}/0`), 200);
      holds('the bytes sent', read.body.equals(Buffer.alloc(256 + 65_536, bytes)), `${read.body.length} other bytes`);
    },
  },
  {
    id: 'PROTOCOL 3.2 chunk-framing',
    title: 'chunk extensions, trailers and upper-case chunk sizes are framing and not bytes',
    quote: ROW_ENDED,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const connection = await wire.connect();
      const post = wire.on(connection, 'POST', `${c}/0`);
      connection.write('5;note="a;b"\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Trailer: ignored\r\n\r\n');
      answers(await post.answer(), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello0123456789' });
    },
  },
  {
    id: 'PROTOCOL 3.2 half-close',
    title: 'a writer that ends its side of the connection after its body is still answered',
    quote: ROW_ENDED,
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const connection = await wire.connect();
      const post = wire.on(connection, 'POST', `${c}/0`);
      post.send('hello');
      post.end();
      connection.halfClose();
      answers(await post.answer(), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello', aborted: null });
    },
  },
  {
    id: 'PROTOCOL 3.2 large',
    title: 'a segment of 2 MiB is stored byte for byte',
    quote: 'The body is the segment.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const bytes = Buffer.alloc(2 * 1_048_576);
      for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
      await wire.publish(`${c}/0`, bytes);
      const read = answers(await wire.ask('GET', `${c}/0`), 200);
      holds('the bytes sent', read.body.equals(bytes), `${read.body.length} other bytes`);
    },
  },
  {
    id: 'TRICKLE 5',
    title: 'with autocreate, the first POST of a segment makes its channel',
    quote: ROW_AUTOCREATE,
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', `${c}/0`, { body: 'hello' }), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello' });
    },
  },
  {
    id: 'TRICKLE 7',
    title: 'a channel made by a POST has the media type of that POST, whatever later ones say',
    quote: '`Content-Type` (used only if this POST creates the channel)',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      await wire.publish(`${c}/0`, 'zero', { 'Content-Type': 'text/first' });
      await wire.publish(`${c}/1`, 'one', { 'Content-Type': 'text/second' });
      answers(await wire.ask('GET', `${c}/1`), 200, { type: 'text/first', body: 'one' });
    },
  },
  {
    id: 'TRICKLE 12',
    title: 'policy is asked when a POST of a segment would make the channel',
    quote: ROW_AUTOCREATE,
    needs: ['autocreate', 'policy'],
    async run(wire) {
      const c = wire.name();
      const refused = await wire.ask('POST', `${c}/0`, { headers: { [POLICY_HEADER]: '403' }, body: 'x' });
      answers(refused, 403, { body: `${refusalOf(c)}\n` });
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'TRICKLE 25',
    title: 'a POST with Content-Length 0 makes an empty segment, and the head passes it',
    quote: ROW_EMPTY,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.ask('POST', `${c}/0`), 200, { seq: 0, closed: null });
      same('head', await wire.latest(c), 1);
      answers(await wire.ask('GET', `${c}/0`), 200, { seq: 0, latest: 1, closed: null, body: '' });
    },
  },
  {
    id: 'TRICKLE 25 chunked',
    title: 'a POST of the last chunk alone makes an empty segment, and the head passes it',
    quote: ROW_EMPTY,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      await post.hangs();
      post.end();
      answers(await post.answer(), 200, { seq: 0, closed: null });
      same('head', await wire.latest(c), 1);
      answers(await wire.ask('GET', `${c}/0`), 200, { seq: 0, latest: 1, closed: null, body: '' });
    },
  },
  {
    id: 'TRICKLE 23',
    title: 'a preconnect moves no head; its first byte does, while it is still open',
    quote: QUOTE_PRECONNECT,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      await post.hangs();
      same('head', await wire.latest(c), 0);
      post.send('x');
      await wire.headIs(c, 1);
      await post.hangs();
    },
  },
  {
    id: 'PROTOCOL 3.2 keeps-its-place',
    title: 'a preconnect made before other segments were written is written after them, under its own seq',
    quote: QUOTE_PRECONNECT,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/1`);
      await post.hangs();
      await wire.publish(`${c}/0`, 'zero');
      post.send('one');
      post.end();
      answers(await post.answer(), 200, { seq: 1 });
      answers(await wire.ask('GET', `${c}/1`), 200, { body: 'one' });
      same('head', await wire.latest(c), 2);
    },
  },
  {
    id: 'TRICKLE 36',
    title: 'a POST of 7 on a fresh channel is taken; the head is 8, and 0 is not there',
    quote: 'POSTs may arrive in any order and with gaps.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.publish(`${c}/7`, 'seven'), 200, { seq: 7 });
      same('head', await wire.latest(c), 8);
      answers(await wire.ask('GET', `${c}/0`), 470, { latest: 8, seq: 0 });
      answers(await wire.ask('GET', `${c}/7`), 200, { body: 'seven' });
    },
  },
  {
    id: 'PROTOCOL 3.2 any-order',
    title: 'segments written as 1, 0, 2 are all read',
    quote: 'POSTs may arrive in any order and with gaps.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (const seq of [1, 0, 2]) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      for (const seq of [0, 1, 2]) answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq, body: `segment ${seq}` });
      same('head', await wire.latest(c), 3);
    },
  },
  {
    id: 'TRICKLE 33',
    title: 'two writers of one segment are both taken, and all bytes are read in the order they came',
    quote: '| other writers write the same segment | accepted; bytes are stored in the order of their arrival (4.2) |',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const [first, second] = [await wire.open('POST', `${c}/0`), await wire.open('POST', `${c}/0`)];
      const reader = await wire.open('GET', `${c}/0`);
      first.send('a1 ');
      await reader.receives('a1 ');
      second.send('b1 ');
      await reader.receives('a1 b1 ');
      first.send('a2 ');
      await reader.receives('a1 b1 a2 ');
      first.end();
      answers(await first.answer(), 200, { seq: 0 });
      second.send('b2');
      second.end();
      answers(await second.answer(), 200, { seq: 0 });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'a1 b1 a2 b2' });
    },
  },
];
