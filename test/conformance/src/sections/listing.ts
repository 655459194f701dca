/** The list of channels. PROTOCOL.md section 3.8. */
import { CHANNELS } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, holds, must, same } from '../expect.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_SHAPE =
  '`{"channels":[{"name","mime","epoch","head","oldest","readers","writers","bytes","closed"}]}`, sorted by name;';

interface Entry {
  readonly name: string;
  readonly head: number;
  readonly oldest: number | null;
  readonly bytes: number;
}

async function list(wire: Wire): Promise<Entry[]> {
  const answer = answers(await wire.ask('GET', CHANNELS), 200, { type: /^application\/json/ });
  return JSON.parse(answer.body.toString()).channels;
}

export const listing: readonly Case[] = [
  {
    id: 'PROTOCOL 3.8 entry',
    title: 'a channel is listed with its media type, epoch, head, oldest seq, readers, writers and bytes',
    quote: QUOTE_SHAPE,
    needs: ['autocreate', 'listing', 'epochs'],
    async run(wire) {
      const c = await wire.channel('text/plain');
      const epoch = must(await wire.publish(`${c}/3`, 'hello'), 'epoch');
      await (await wire.open('GET', `${c}/4`)).hangs();
      await (await wire.open('POST', `${c}/5`)).hangs();
      const entry = (await list(wire)).find(({ name }) => name === c);
      same('entry', entry, {
        name: c,
        mime: 'text/plain',
        epoch,
        head: 4,
        oldest: 3,
        readers: 1,
        writers: 1,
        bytes: 5,
        closed: false,
      });
    },
  },
  {
    id: 'PROTOCOL 3.8 fresh',
    title: 'a channel without segments has no oldest seq and no bytes',
    quote: '`oldest` is the oldest seq kept or null',
    needs: ['autocreate', 'listing'],
    async run(wire) {
      const c = await wire.channel();
      const entry = (await list(wire)).find(({ name }) => name === c);
      same('entry', [entry?.head, entry?.oldest, entry?.bytes], [0, null, 0]);
    },
  },
  {
    id: 'PROTOCOL 3.8 sorted',
    title: 'the list is sorted by name',
    quote: 'sorted by name;',
    needs: ['autocreate', 'listing'],
    async run(wire) {
      const mine = [await wire.channel(), await wire.channel(), await wire.channel()].sort();
      const names = (await list(wire)).map(({ name }) => name);
      same(
        'my channels',
        names.filter((name) => mine.includes(name)),
        mine,
      );
      holds(
        'a sorted list',
        names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name),
        names,
      );
    },
  },
  {
    id: 'PROTOCOL 3.8 off',
    title: 'without the changefeed there is no list and no changefeed',
    quote: 'Only where the changefeed is on, since both make names known and a name is a credential; otherwise 404.',
    needs: ['!changefeed'],
    async run(wire) {
      answers(await wire.ask('GET', CHANNELS), 404);
      answers(await wire.ask('GET', '_changes/next'), 404);
    },
  },
];
