/** How a seq is written. PROTOCOL.md section 2. */
import { Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';

const QUOTE_RANGE = 'Allowed are 0 to 2^53-2 and the reserved values';
const ROW_NEGATIVE =
  '| `-N`, N ≥ 2 | 400 | segment head-(N-1), but at least the oldest one kept; so `-2` is the segment being written, ' +
  'else the last finished one, and on a channel without segments it waits for the first |';
const ROW_OTHER = '| anything else that is no number | 400 `Invalid idx` | 400 `Invalid idx` |';
const INVALID = { body: `${Reason.invalidIdx}\n` };

export const seqs: readonly Case[] = [
  {
    id: 'PROTOCOL 2 spellings',
    title: 'a plus sign and leading zeroes change nothing',
    quote: 'A seq is written as decimal digits with an optional sign: `7`, `+7` and `007` are 7.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.publish(`${c}/+0`, 'zero'), 200, { seq: 0 });
      answers(await wire.publish(`${c}/001`, 'one'), 200, { seq: 1 });
      answers(await wire.ask('GET', `${c}/00`), 200, { seq: 0, body: 'zero' });
      answers(await wire.ask('GET', `${c}/+1`), 200, { seq: 1, body: 'one' });
      answers(await wire.ask('GET', `${c}/-0`), 200, { seq: 0, body: 'zero' });
    },
  },
  {
    id: 'PROTOCOL 2 largest',
    title: 'the seq 2^53-2 can be written, and the head after it is exact',
    quote: QUOTE_RANGE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/9007199254740990`, 'last');
      answers(await wire.ask('GET', `${c}/next`), 200, { body: '9007199254740991', latest: '9007199254740991' });
      answers(await wire.ask('GET', `${c}/9007199254740990`), 200, { seq: '9007199254740990', body: 'last' });
    },
  },
  {
    id: 'PROTOCOL 2 too-large',
    title: 'the seq 2^53-1 and seqs far beyond are 400',
    quote: QUOTE_RANGE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (const seq of ['9007199254740991', '18446744073709551616', '1'.repeat(300)]) {
        answers(await wire.ask('POST', `${c}/${seq}`, { body: 'x' }), 400, INVALID);
        answers(await wire.ask('GET', `${c}/${seq}`), 400, INVALID);
      }
      same('head', await wire.latest(c), 0);
    },
  },
  {
    id: 'TRICKLE 22',
    title: 'POST -1 twice writes 0 and then 1',
    quote: '| `-1` | the head at the moment the request arrives | the head: the next write |',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.publish(`${c}/-1`, 'zero'), 200, { seq: 0 });
      answers(await wire.publish(`${c}/-1`, 'one'), 200, { seq: 1 });
      answers(await wire.ask('GET', `${c}/1`), 200, { body: 'one' });
    },
  },
  {
    id: 'TRICKLE 39',
    title: 'POST of -2, -3 and -5 is 400, and the channel works on',
    quote: ROW_NEGATIVE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      for (const seq of [-2, -3, -5, -10]) answers(await wire.ask('POST', `${c}/${seq}`, { body: 'x' }), 400, INVALID);
      answers(await wire.publish(`${c}/-1`, 'one'), 200, { seq: 1 });
      answers(await wire.ask('GET', `${c}/1`), 200, { body: 'one' });
    },
  },
  {
    id: 'TRICKLE 66',
    title: 'GET -3 and -5 count from the head',
    quote: ROW_NEGATIVE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 5; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      answers(await wire.ask('GET', `${c}/-2`), 200, { seq: 4, body: 'segment 4' });
      answers(await wire.ask('GET', `${c}/-3`), 200, { seq: 3, body: 'segment 3' });
      answers(await wire.ask('GET', `${c}/-5`), 200, { seq: 1, body: 'segment 1' });
    },
  },
  {
    id: 'PROTOCOL 2 oldest',
    title: 'GET of a very negative seq is the oldest segment kept',
    quote: 'segment head-(N-1), but at least the oldest one kept',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/3`, 'three');
      await wire.publish(`${c}/4`, 'four');
      answers(await wire.ask('GET', `${c}/-9007199254740990`), 200, { seq: 3, body: 'three' });
    },
  },
  {
    id: 'PROTOCOL 2 words',
    title: 'words, fractions, hexadecimal and exponents are no seqs',
    quote: ROW_OTHER,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (const seq of ['abc', '1.5', '0x1', '1e3', '--1', '+-1', '1%20', '%EF%BC%91', 'Infinity']) {
        answers(await wire.ask('POST', `${c}/${seq}`, { body: 'x' }), 400, INVALID);
        answers(await wire.ask('GET', `${c}/${seq}`), 400, INVALID);
      }
    },
  },
  {
    id: 'PROTOCOL 2 creates-nothing',
    title: 'a POST of a bad seq does not make the channel',
    quote: 'A seq is read before anything else happens: a request that is answered 400 creates nothing.',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', `${c}/word`, { body: 'x' }), 400, INVALID);
      answers(await wire.ask('POST', `${c}/-2`, { body: 'x' }), 400);
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
];
