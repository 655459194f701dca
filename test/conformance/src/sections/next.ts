/** Asking for the head. PROTOCOL.md section 3.3. */
import { Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, must } from '../expect.ts';

const QUOTE = '200, `text/plain`, the head as decimal digits, `Lp-Trickle-Latest` with the same, `Lp-Trickle-Epoch`.';

export const next: readonly Case[] = [
  {
    id: 'PROTOCOL 3.3 head',
    title: 'next is the head as plain digits, and Lp-Trickle-Latest says the same',
    quote: QUOTE,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      answers(await wire.ask('GET', `${c}/next`), 200, { type: /^text\/plain/, latest: 0, body: '0' });
      await wire.publish(`${c}/41`, 'x');
      answers(await wire.ask('GET', `${c}/next`), 200, { type: /^text\/plain/, latest: 42, body: '42', closed: null });
    },
  },
  {
    id: 'PROTOCOL 3.3 epoch',
    title: 'next says the epoch',
    quote: QUOTE,
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = await wire.channel();
      const epoch = must(await wire.publish(`${c}/0`, 'x'), 'epoch');
      answers(await wire.ask('GET', `${c}/next`), 200, { epoch });
    },
  },
  {
    id: 'PROTOCOL 3.3 lingering',
    title: 'next of a lingering channel says its head and Closed',
    quote: 'On a lingering channel also `Lp-Trickle-Closed: terminated`.',
    needs: ['autocreate', 'linger'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'x');
      answers(await wire.ask('DELETE', c), 200);
      answers(await wire.ask('GET', `${c}/next`), 200, { body: '1', latest: 1, closed: 'terminated' });
    },
  },
  {
    id: 'TRICKLE 45',
    title: 'GET of 0, -1 and next of no channel are 404',
    quote: 'An absent channel is 404.',
    async run(wire) {
      const c = wire.name();
      for (const seq of ['0', '-1', '-2', 'next'])
        answers(await wire.ask('GET', `${c}/${seq}`), 404, { body: `${Reason.streamNotFound}\n` });
    },
  },
];
