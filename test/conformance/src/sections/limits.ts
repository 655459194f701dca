/** Limits and what happens at them. PROTOCOL.md section 4.7. */
import { Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, holds } from '../expect.ts';
import type { Feature } from '../features.ts';
import { AT_ONCE_MS } from '../wire/exchange.ts';
import type { Wire } from '../wire/wire.ts';

const ROW_SEGMENT =
  '| the segment grows over the limit of a segment, or `Content-Length` says it will | 413 `Segment too large`, `Connection: close`';
const ROW_EVENT =
  '| a line of a JSONL channel grows over the event cap (7.2) | 413 `Event too large`, `Connection: close` |';
const ROW_LINE =
  '| bytes of a line of a JSONL channel, with its LF | 5,242,880 | 413, the segment is aborted at the cap, lines before it stand |';
const SEGMENT_TOO_LARGE = { body: `${Reason.segmentTooLarge}\n`, connection: 'close' };
const EVENT_TOO_LARGE = { body: `${Reason.eventTooLarge}\n`, connection: 'close' };

function limit(wire: Wire, feature: Feature): number {
  return Number(wire.features.get(feature));
}

/** A JSONL line of so many bytes with its LF. */
function line(bytes: number): string {
  return `{"x":"${'x'.repeat(bytes - 9)}"}\n`;
}

export const limits: readonly Case[] = [
  {
    id: 'PROTOCOL 4.7 segment bytes',
    title: 'a segment that grows over the limit is 413 and aborted; one that fills it is taken',
    quote:
      '| bytes of a segment | 64 MiB | 413, the segment is aborted (refused up front by Content-Length: it is left as it is) |',
    needs: ['autocreate', 'aborted', 'segment-bytes<=16777216'],
    async run(wire) {
      const c = await wire.channel();
      const most = limit(wire, 'segment-bytes');
      const post = await wire.open('POST', `${c}/0`);
      post.send(Buffer.alloc(most, 'x'));
      post.end();
      answers(await post.answer(), 200, { seq: 0 });
      const over = await wire.open('POST', `${c}/1`);
      over.send(Buffer.alloc(most, 'x'));
      over.send('y');
      answers(await over.answer(), 413, SEGMENT_TOO_LARGE);
      await over.closes();
      answers(await wire.ask('HEAD', `${c}/1`), 200, { aborted: 1 });
      await wire.publish(`${c}/2`, 'two');
    },
  },
  {
    id: 'PROTOCOL 3.2 segment too large',
    title: 'a Content-Length over the limit is 413 before a byte is sent, and the segment is left as it is',
    quote: ROW_SEGMENT,
    needs: ['autocreate', 'segment-bytes', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      const reader = await wire.open('GET', `${c}/0`);
      const post = await wire.open('POST', `${c}/0`, {}, limit(wire, 'segment-bytes') + 1);
      answers(await post.answer(), 413, SEGMENT_TOO_LARGE);
      await post.closes();
      await reader.hangs();
      await wire.publish(`${c}/0`, 'small');
      answers(await reader.answer(), 200, { body: 'small' });
    },
  },
  {
    id: 'PROTOCOL 3.2 segment too large for all',
    title: 'when one writer takes a segment over the limit, the other writers of it are answered 413, too',
    quote: 'so are other writers of the segment it grew',
    needs: ['autocreate', 'segment-bytes<=16777216'],
    async run(wire) {
      const c = await wire.channel();
      const other = await wire.open('POST', `${c}/0`);
      other.send('x');
      await wire.headIs(c, 1);
      const over = await wire.open('POST', `${c}/0`);
      over.send(Buffer.alloc(limit(wire, 'segment-bytes'), 'x'));
      answers(await over.answer(), 413, SEGMENT_TOO_LARGE);
      answers(await other.answer(), 413, SEGMENT_TOO_LARGE);
    },
  },
  {
    id: 'PROTOCOL 3.2 event too large',
    title: 'a line over the event cap is 413; the lines before it stand, and the segment is aborted',
    quote: ROW_LINE,
    needs: ['autocreate', 'aborted', 'event-bytes<=8388608'],
    async run(wire) {
      const c = await wire.channel('application/jsonl; charset=utf-8');
      const post = await wire.open('POST', `${c}/0`);
      const reader = await wire.open('GET', `${c}/0`);
      post.send('{"first":1}\n');
      await reader.receives('{"first":1}\n');
      post.send(line(limit(wire, 'event-bytes') + 1));
      answers(await post.answer(2 * AT_ONCE_MS), 413, EVENT_TOO_LARGE);
      const read = answers(await reader.answer(2 * AT_ONCE_MS), 200, { trailers: { 'Lp-Trickle-Aborted': '1' } });
      holds('the line before', read.body.subarray(0, 12).toString() === '{"first":1}\n', read.body.subarray(0, 12));
      answers(await wire.ask('HEAD', `${c}/0`), 200, { aborted: 1 });
    },
  },
  {
    id: 'PROTOCOL 3.2 event cap',
    title: 'a line of exactly the event cap is taken, and the next one too',
    quote: ROW_EVENT,
    needs: ['autocreate', 'event-bytes<=8388608'],
    async run(wire) {
      const c = await wire.channel('application/x-ndjson');
      const post = await wire.open('POST', `${c}/0`);
      post.send(line(limit(wire, 'event-bytes')));
      post.send('{"next":1}\n');
      post.end();
      answers(await post.answer(2 * AT_ONCE_MS), 200, { seq: 0 });
    },
  },
  {
    id: 'PROTOCOL 7.2 other channels',
    title: 'the event cap does not hold for channels that are not JSON lines',
    quote:
      'A JSONL channel is one of type `application/jsonl`, `application/x-ndjson` or `application/json`, parameters ignored.',
    needs: ['autocreate', 'event-bytes<=8388608', 'segment-bytes'],
    async run(wire) {
      const c = await wire.channel('application/octet-stream');
      const size = Math.min(limit(wire, 'event-bytes') + 1_000, limit(wire, 'segment-bytes'));
      answers(await wire.ask('POST', `${c}/0`, { body: Buffer.alloc(size, 'x') }), 200, { seq: 0 });
    },
  },
  {
    id: 'PROTOCOL 4.7 kept bytes',
    title: 'a segment leaves at once when those after it fill what a channel keeps; the newest stay',
    quote: '| finished bytes kept, a channel | 64 MiB | the oldest leave |',
    needs: ['autocreate', 'keep-bytes<=1000000'],
    async run(wire) {
      const c = await wire.channel();
      const half = Buffer.alloc(limit(wire, 'keep-bytes') / 2, 'x');
      await wire.publish(`${c}/0`, 'x');
      for (const seq of [1, 2]) await wire.publish(`${c}/${seq}`, half);
      answers(await wire.ask('GET', `${c}/0`), 470, { latest: 3 });
      for (const seq of [1, 2]) answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq });
    },
  },
  {
    id: 'PROTOCOL 4.7 budget',
    title: 'over the budget of the server the oldest finished segments leave, of whichever channel',
    quote: '| bytes kept, a server | 512 MiB | the oldest finished segments of all channels leave;',
    needs: ['autocreate', 'budget-bytes<=64000000'],
    alone: 'last',
    async run(wire) {
      const [older, newer] = [await wire.channel(), await wire.channel()];
      const size = Math.floor(limit(wire, 'budget-bytes') * 0.3);
      for (const seq of [0, 1]) await wire.publish(`${older}/${seq}`, Buffer.alloc(size, 'x'));
      for (const seq of [0, 1]) await wire.publish(`${newer}/${seq}`, Buffer.alloc(size, 'x'));
      answers(await wire.ask('GET', `${older}/0`), 470, { latest: 2 });
      for (const seq of [0, 1]) answers(await wire.ask('GET', `${newer}/${seq}`), 200, { seq });
    },
  },
  {
    id: 'PROTOCOL 4.7 budget readers',
    title: 'over the budget a reader of a segment that has left is cut, and no publisher waits for it',
    quote: 'if that is not enough, readers of segments that have left are cut',
    needs: ['autocreate', 'sockets', 'budget-bytes<=64000000'],
    alone: 'last',
    async run(wire) {
      const [read, other] = [await wire.channel(), await wire.channel()];
      const budget = limit(wire, 'budget-bytes');
      const reader = await wire.open('GET', `${read}/0`);
      reader.pause(true);
      await wire.publish(`${read}/0`, Buffer.alloc(Math.floor(budget * 0.4), 'x'));
      await wire.publish(`${other}/0`, Buffer.alloc(Math.floor(budget * 0.9), 'x'));
      reader.pause(false);
      await reader.isCut(2 * AT_ONCE_MS);
    },
  },
  {
    id: 'PROTOCOL 4.7 channels',
    title: 'one channel more than the server may have is 503 with Retry-After; when one goes, one can come',
    quote: '| the server has as many channels as it may | 503 `Too many channels`, `Retry-After` |',
    needs: ['autocreate', 'max-channels<=200'],
    alone: 'last',
    async run(wire) {
      const made: string[] = [];
      let refused = await wire.ask('POST', wire.name());
      for (let n = 0; n <= limit(wire, 'max-channels') && refused.status === 200; n += 1) {
        const c = wire.name();
        refused = await wire.ask('POST', c);
        if (refused.status === 200) made.push(c);
      }
      answers(refused, 503, { body: `${Reason.tooManyChannels}\n`, retryAfter: /^\d+$/ });
      const post = await wire.open('POST', `${wire.name()}/0`);
      answers(await post.answer(), 503, { retryAfter: true });
      answers(await wire.ask('DELETE', made[0] ?? ''), 200);
      answers(await wire.ask('POST', wire.name()), 200);
    },
  },
  {
    id: 'PROTOCOL 4.7 channels row',
    title: 'a server that is full of channels still takes segments for those it has',
    quote: '| channels | 100,000 | 503 |',
    needs: ['autocreate', 'max-channels<=200'],
    alone: 'last',
    async run(wire) {
      const c = await wire.channel();
      let status = 200;
      for (let n = 0; n <= limit(wire, 'max-channels') && status === 200; n += 1)
        status = (await wire.ask('POST', wire.name())).status;
      holds('503 for a channel too many', status === 503, status);
      await wire.publish(`${c}/0`, 'x');
      answers(await wire.ask('POST', c), 200);
    },
  },
  {
    id: 'PROTOCOL 4.7 readers',
    title: 'one reader more than the server may have is 503 with Retry-After; when one goes, one can come',
    quote: '| too many readers | 503 `Too many readers`, `Retry-After` |',
    needs: ['autocreate', 'max-readers<=200'],
    alone: 'last',
    async run(wire) {
      const c = await wire.channel();
      const readers = await Promise.all(
        Array.from({ length: limit(wire, 'max-readers') }, () => wire.open('GET', `${c}/0`)),
      );
      await Promise.all(readers.map((reader) => reader.hangs()));
      const refused = answers(await wire.ask('GET', `${c}/0`), 503, { retryAfter: /^\d+$/ });
      holds('the text', refused.body.toString() === `${Reason.tooManyReaders}\n`, refused.body);
      await wire.publish(`${c}/0`, 'x');
      for (const reader of readers) answers(await reader.answer(), 200, { body: 'x' });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'x' });
    },
  },
  {
    id: 'PROTOCOL 4.7 readers row',
    title: 'readers that hang up make room for others',
    quote: '| readers | 10,000 | 503 |',
    needs: ['autocreate', 'max-readers<=200'],
    alone: 'last',
    async run(wire) {
      const c = await wire.channel();
      for (let round = 0; round < 3; round += 1) {
        const readers = await Promise.all(
          Array.from({ length: limit(wire, 'max-readers') }, () => wire.open('GET', `${c}/0`)),
        );
        await Promise.all(readers.map((reader) => reader.hangs()));
        for (const reader of readers) reader.abort();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    },
  },
  {
    id: 'PROTOCOL 4.7 laggard row',
    title: 'without keep, a waiting reader at the head is never taken for one that is too slow',
    quote: '| time to finish a segment that has left the window | 10 s | the reader is cut |',
    needs: ['autocreate', '!keep', 'laggard<=3000'],
    seconds: 4,
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 7; seq += 1) await wire.publish(`${c}/${seq}`, 'x');
      const reader = await wire.open('GET', `${c}/7`);
      await reader.hangs(limit(wire, 'laggard') + 1_000);
      await wire.publish(`${c}/7`, 'seven');
      answers(await reader.answer(), 200, { body: 'seven' });
    },
  },
];
