/** The life of a channel and the idle sweep. PROTOCOL.md section 4.1. */
import type { Case } from '../case.ts';
import { answers, same } from '../expect.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_SWEEP =
  'The **idle sweep** closes a channel that has had no byte, no completed empty segment and no creation for the idle time-out (300 s).';
const QUOTE_REFRESH = 'GETs and preconnects do not refresh it; every byte does.';

/** These cases wait for the idle time-out, so it must be short. */
const SHORT = 'idle<=3000';

function idleMs(wire: Wire): number {
  return Number(wire.features.get('idle'));
}

/** Does something four times within each idle time-out, for twice that long. */
async function keepBusy(wire: Wire, act: (round: number) => Promise<unknown> | unknown): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    await act(round);
    await new Promise((resolve) => setTimeout(resolve, idleMs(wire) / 4));
  }
}

export const channelStates: readonly Case[] = [
  {
    id: 'PROTOCOL 4.1 absent open closed',
    title: 'a channel is absent, is created, is closed, and can be created again',
    quote: '`absent → open → closed → (lingering →) absent`.',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('GET', `${c}/next`), 404);
      for (let life = 0; life < 3; life += 1) {
        answers(await wire.ask('POST', c), 200);
        same('head', await wire.latest(c), 0);
        await wire.publish(`${c}/0`, 'x');
        answers(await wire.ask('DELETE', c), 200);
      }
    },
  },
  {
    id: 'PROTOCOL 4.1 sweep',
    title: 'a channel without a byte for the idle time-out is closed, and who waits is told',
    quote: QUOTE_SWEEP,
    needs: ['autocreate', SHORT],
    seconds: 4,
    async run(wire) {
      const c = await wire.channel();
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      const patience = 3 * idleMs(wire) + 5_000;
      answers(await reader.answer(patience), 200, { seq: 0, closed: 'terminated', body: '' });
      answers(await post.answer(patience), 200, { seq: 0, closed: 'terminated' });
    },
  },
  {
    id: 'TRICKLE 18',
    title: 'GETs and preconnects do not keep a channel; empty segments do',
    quote: QUOTE_REFRESH,
    needs: ['autocreate', '!linger', SHORT],
    seconds: 6,
    async run(wire) {
      const [asked, fed] = [await wire.channel(), await wire.channel()];
      await keepBusy(wire, async (round) => {
        (await wire.open('GET', `${asked}/0`)).abort();
        await wire.open('POST', `${asked}/${round}`);
        await wire.publish(`${fed}/-1`, '');
      });
      answers(await wire.ask('GET', `${fed}/next`), 200, { body: '8' });
      answers(await wire.ask('GET', `${asked}/7`), 404);
    },
  },
  {
    id: 'PROTOCOL 4.1 every byte',
    title: 'a segment that is written for longer than the idle time-out keeps its channel',
    quote: QUOTE_REFRESH,
    needs: ['autocreate', SHORT],
    seconds: 6,
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      await keepBusy(wire, (round) => post.send(String(round)));
      post.end();
      answers(await post.answer(), 200, { seq: 0, closed: null });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: '01234567' });
    },
  },
  {
    id: 'TRICKLE 19',
    title: 'the changefeed is never swept',
    quote: 'Names that begin with `_` are never swept.',
    needs: ['changefeed', SHORT],
    seconds: 9,
    async run(wire) {
      await new Promise((resolve) => setTimeout(resolve, 3 * idleMs(wire)));
      answers(await wire.ask('GET', '_changes/next'), 200, { closed: null });
    },
  },
];
