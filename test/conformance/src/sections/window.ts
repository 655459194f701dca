/** Which segments can still be read. PROTOCOL.md section 4.4. */
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';
import { AT_ONCE_MS } from '../wire/exchange.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_WINDOW =
  'A finished segment leaves the window when it is neither among the newest 5 seqs below the head nor finished less than 30 s ago;';
const QUOTE_BYTES =
  'and earlier, oldest first, while the finished segments of its channel hold more than 64 MiB, or the server more than its budget.';
const QUOTE_GOES_ON = 'A reader that is attached to a segment that leaves goes on reading it.';
const LARGE = 16 * 1_048_576;

/** A channel whose segment 0 is larger than sockets buffer, with a reader that has stopped reading, and a window that has moved past it. */
async function laggingReader(wire: Wire) {
  const c = await wire.channel();
  const reader = await wire.open('GET', `${c}/0`);
  reader.pause(true);
  await wire.publish(`${c}/0`, Buffer.alloc(LARGE, 'x'));
  for (let seq = 1; seq <= 6; seq += 1) await wire.publish(`${c}/${seq}`, 'x');
  answers(await wire.ask('GET', `${c}/0`), 470);
  return reader;
}

export const window: readonly Case[] = [
  {
    id: 'TRICKLE 54',
    title: 'without keep, of seven segments 0 and 1 are 470 and 2 to 6 are readable',
    quote: QUOTE_WINDOW,
    needs: ['autocreate', '!keep'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 7; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      for (const seq of [0, 1]) answers(await wire.ask('GET', `${c}/${seq}`), 470, { latest: 7, seq });
      for (let seq = 2; seq < 7; seq += 1)
        answers(await wire.ask('GET', `${c}/${seq}`), 200, { body: `segment ${seq}` });
    },
  },
  {
    id: 'PROTOCOL 4.4 keep',
    title: 'with keep, all of ten segments that were just written are readable, the oldest first',
    quote: QUOTE_WINDOW,
    needs: ['autocreate', 'keep'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 10; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      for (let seq = 0; seq < 10; seq += 1)
        answers(await wire.ask('GET', `${c}/${seq}`), 200, { body: `segment ${seq}` });
      answers(await wire.ask('GET', `${c}/-9999`), 200, { seq: 0 });
    },
  },
  {
    id: 'PROTOCOL 4.4 keep ends',
    title: 'with keep, segments older than that and not among the newest five have left',
    quote: QUOTE_WINDOW,
    needs: ['autocreate', 'keep<=5000'],
    seconds: 3,
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 6; seq += 1) await wire.publish(`${c}/${seq}`, 'old');
      await new Promise((resolve) => setTimeout(resolve, Number(wire.features.get('keep')) + 200));
      await wire.publish(`${c}/6`, 'new');
      for (const seq of [0, 1]) answers(await wire.ask('GET', `${c}/${seq}`), 470, { latest: 7 });
      for (const seq of [2, 3, 4, 5, 6]) answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq });
    },
  },
  {
    id: 'PROTOCOL 4.4 oldest kept',
    title: 'without keep, a very negative seq is the oldest of the five',
    quote: 'segment head-(N-1), but at least the oldest one kept',
    needs: ['autocreate', '!keep'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 9; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      answers(await wire.ask('GET', `${c}/-9999`), 200, { seq: 4, body: 'segment 4' });
    },
  },
  {
    id: 'PROTOCOL 4.4 unfinished stay',
    title: 'without keep, a segment that is still being written stays while the window moves on',
    quote: 'Unfinished segments do not leave.',
    needs: ['autocreate', '!keep'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      post.send('half');
      await wire.headIs(c, 1);
      for (let seq = 1; seq <= 8; seq += 1) await wire.publish(`${c}/${seq}`, 'x');
      const reader = await wire.open('GET', `${c}/0`);
      await reader.receives('half');
      post.send(' and half');
      await reader.receives('half and half');
      post.end();
      answers(await reader.answer(), 200, { body: 'half and half' });
    },
  },
  {
    id: 'PROTOCOL 4.4 outside',
    title: 'a seq that was never written, far below the head, is 470 and not a hole',
    quote: 'and not below both the oldest segment kept and head-5.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/20`, 'x');
      for (const seq of [0, 14]) answers(await wire.ask('GET', `${c}/${seq}`), 470, { latest: 21, seq });
    },
  },
  {
    id: 'PROTOCOL 4.4 attached',
    title: 'without keep, a reader of a segment that has left the window gets all of it',
    quote: QUOTE_GOES_ON,
    needs: ['autocreate', '!keep'],
    async run(wire) {
      const reader = await laggingReader(wire);
      reader.pause(false);
      same('bytes', (await reader.answer(2 * AT_ONCE_MS)).body.length, LARGE);
    },
  },
  {
    id: 'TRICKLE 65',
    title: 'without keep, a reader that does not finish a segment that has left the window is cut',
    quote: 'It is cut (its connection is destroyed) if it has not finished 10 s later.',
    needs: ['autocreate', '!keep', 'sockets', 'laggard<=3000'],
    seconds: 4,
    async run(wire) {
      const reader = await laggingReader(wire);
      await new Promise((resolve) => setTimeout(resolve, Number(wire.features.get('laggard')) + 1_000));
      reader.pause(false);
      await reader.isCut(2 * AT_ONCE_MS);
    },
  },
  {
    id: 'PROTOCOL 4.4 bytes',
    title: 'the oldest segments leave while the finished ones hold more bytes than a channel keeps',
    quote: QUOTE_BYTES,
    needs: ['autocreate', 'keep-bytes<=1000000'],
    async run(wire) {
      const c = await wire.channel();
      const size = Math.floor(Number(wire.features.get('keep-bytes')) * 0.4);
      for (let seq = 0; seq < 4; seq += 1) await wire.publish(`${c}/${seq}`, Buffer.alloc(size, 'x'));
      for (const seq of [0, 1]) answers(await wire.ask('GET', `${c}/${seq}`), 470, { latest: 4 });
      for (const seq of [2, 3]) answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq });
    },
  },
];
