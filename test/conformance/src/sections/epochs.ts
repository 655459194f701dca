/** The lives of a channel. PROTOCOL.md section 4.6. */
import type { Case } from '../case.ts';
import { answers, must, same } from '../expect.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_EPOCH = "A channel's epoch is 8 random hexadecimal digits, new with each life.";
const QUOTE_NEW_LIFE =
  'A POST of seq 0 that would be answered 409, on a channel with no writer and without a byte, an empty segment or its creation for the resume time, begins a new life instead: ' +
  'all segments are forgotten, the head is 0, the media type stays, the epoch is new, waiting readers get 470.';

/** Two segments, then no byte for the resume time; `meanwhile` may open what it wants before the wait. */
async function restedChannel(wire: Wire, meanwhile: (c: string) => Promise<unknown> = async () => {}) {
  const c = await wire.channel('text/plain');
  for (const seq of [0, 1]) await wire.publish(`${c}/${seq}`, 'old');
  const epoch = must(await wire.ask('GET', `${c}/next`), 'epoch');
  await meanwhile(c);
  await new Promise((resolve) => setTimeout(resolve, Number(wire.features.get('aborted')) + 500));
  return { c, epoch };
}

export const epochs: readonly Case[] = [
  {
    id: 'PROTOCOL 4.6 format',
    title: 'an epoch is 8 hexadecimal digits, and another for each channel and each life',
    quote: QUOTE_EPOCH,
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = wire.name();
      const seen = new Set<string>();
      for (let life = 0; life < 3; life += 1) {
        const made = answers(await wire.ask('POST', c), 200, { epoch: /^[0-9a-f]{8}$/ });
        seen.add(must(made, 'epoch'));
        answers(await wire.ask('DELETE', c), 200);
      }
      seen.add(must(await wire.ask('POST', wire.name()), 'epoch'));
      same('different epochs', seen.size, 4);
    },
  },
  {
    id: 'PROTOCOL 4.6 everywhere',
    title: 'create, publish, next, head and 470 of one life all say the same epoch',
    quote: 'It is on every answer that carries `Lp-Trickle-Seq` or `Lp-Trickle-Latest`.',
    needs: ['autocreate', 'epochs', 'head-request'],
    async run(wire) {
      const c = wire.name();
      const epoch = must(answers(await wire.ask('POST', c), 200), 'epoch');
      answers(await wire.publish(`${c}/0`, 'x'), 200, { epoch });
      answers(await wire.publish(`${c}/1`, ''), 200, { epoch });
      answers(await wire.ask('GET', `${c}/next`), 200, { epoch });
      answers(await wire.ask('HEAD', `${c}/0`), 200, { epoch });
      answers(await wire.ask('HEAD', `${c}/2`), 200, { epoch });
      answers(await wire.ask('GET', `${c}/7`), 470, { epoch });
    },
  },
  {
    id: 'PROTOCOL 4.6 new life',
    title: 'a POST of 0 after the resume time begins a new life: its bytes are segment 0, the head is 1, the epoch new',
    quote: QUOTE_NEW_LIFE,
    needs: ['autocreate', 'epochs', 'aborted<=6000'],
    seconds: 6,
    async run(wire) {
      const { c, epoch } = await restedChannel(wire);
      const taken = answers(await wire.ask('POST', `${c}/0`, { body: 'new' }), 200, { seq: 0, latest: 1, epoch: true });
      same('the old epoch', must(taken, 'epoch') === epoch, false);
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'new', type: 'text/plain', epoch: must(taken, 'epoch') });
      await (await wire.open('GET', `${c}/1`)).hangs();
    },
  },
  {
    id: 'PROTOCOL 4.6 waiting readers',
    title: 'a reader that waits when a new life begins gets a 470 of the new life',
    quote: '| … because the channel began a new life (4.6) | 470 as below, of the new life |',
    needs: ['autocreate', 'epochs', 'aborted<=6000'],
    seconds: 6,
    async run(wire) {
      const c = await wire.channel();
      for (const seq of [0, 1]) await wire.publish(`${c}/${seq}`, 'old');
      const old = must(await wire.ask('GET', `${c}/next`), 'epoch');
      const reader = await wire.open('GET', `${c}/2`);
      await reader.hangs(Number(wire.features.get('aborted')) + 500);
      const post = await wire.open('POST', `${c}/0`);
      const told = answers(await reader.answer(), 470, { seq: 2, latest: 0, epoch: true });
      same('the old epoch', must(told, 'epoch') === old, false);
      post.send('new');
      post.end();
      answers(await post.answer(), 200, { seq: 0, epoch: must(told, 'epoch') });
    },
  },
  {
    id: 'PROTOCOL 4.6 too soon',
    title: 'a POST of 0 before the resume time is 409, and the life goes on',
    quote: QUOTE_NEW_LIFE,
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = await wire.channel();
      const epoch = must(await wire.publish(`${c}/0`, 'old'), 'epoch');
      answers(await wire.ask('POST', `${c}/0`, { body: 'new' }), 409, { latest: 1, epoch });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'old', epoch });
    },
  },
  {
    id: 'PROTOCOL 4.6 with a writer',
    title: 'a POST of 0 after the resume time is 409 while another writer is there',
    quote: 'on a channel with no writer and without a byte, an empty segment or its creation for the resume time',
    needs: ['autocreate', 'epochs', 'aborted<=6000'],
    seconds: 6,
    async run(wire) {
      const { c, epoch } = await restedChannel(wire, (channel) => wire.open('POST', `${channel}/2`));
      answers(await wire.ask('POST', `${c}/0`, { body: 'new' }), 409, { latest: 2, epoch });
    },
  },
];
