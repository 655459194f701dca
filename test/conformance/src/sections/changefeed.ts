/** The changefeed. PROTOCOL.md section 5. */
import { CHANGES } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';
import { NotApplicable } from '../mismatch.ts';

const QUOTE_FEED =
  'With the changefeed on, the channel `_changes` (media type `application/json`) carries one JSON object per segment, without LF:';
const QUOTE_FIRST = 'first `{"added":["_changes"]}`';
const QUOTE_CHANGES = 'then `{"added":["name"]}` and `{"removed":["name"]}` as channels come and go.';

export const changefeed: readonly Case[] = [
  {
    id: 'TRICKLE 77 first',
    title: 'the first change of a server is the changefeed itself',
    quote: QUOTE_FIRST,
    needs: ['changefeed'],
    alone: 'first',
    async run(wire) {
      const first = await wire.ask('GET', `${CHANGES}/0`);
      if (first.status === 470) throw new NotApplicable('the first change has left the window');
      answers(first, 200, { seq: 0, type: 'application/json', body: `{"added":["${CHANGES}"]}` });
    },
  },
  {
    id: 'TRICKLE 77',
    title: 'a waiting -1 reader sees a channel come, and the next one sees it go',
    quote: QUOTE_CHANGES,
    needs: ['autocreate', 'changefeed'],
    alone: 'last',
    async run(wire) {
      const c = wire.name();
      const added = await wire.open('GET', `${CHANGES}/-1`);
      await added.hangs();
      answers(await wire.ask('POST', c), 200);
      const came = answers(await added.answer(), 200, { type: 'application/json', body: `{"added":["${c}"]}` });
      const seq = Number(came.fields.get('lp-trickle-seq'));
      const removed = await wire.open('GET', `${CHANGES}/${seq + 1}`);
      await removed.hangs();
      answers(await wire.ask('DELETE', c), 200);
      answers(await removed.answer(), 200, { seq: seq + 1, body: `{"removed":["${c}"]}` });
    },
  },
  {
    id: 'PROTOCOL 5 autocreated',
    title: 'a channel that a POST of a segment makes is told, once; creating it again is not',
    quote: QUOTE_FEED,
    needs: ['autocreate', 'changefeed'],
    alone: 'last',
    async run(wire) {
      const c = wire.name();
      const before = await wire.latest(CHANGES);
      await wire.publish(`${c}/0`, 'x');
      answers(await wire.ask('POST', c), 200);
      await wire.publish(`${c}/1`, 'x');
      answers(await wire.ask('GET', `${CHANGES}/${before}`), 200, { body: `{"added":["${c}"]}` });
      answers(await wire.ask('GET', `${CHANGES}/next`), 200, { body: String(before + 1) });
    },
  },
];
