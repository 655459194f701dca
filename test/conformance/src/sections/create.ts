/** Making a channel. PROTOCOL.md section 3.1. */
import { Header, Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, must, same } from '../expect.ts';
import { POLICY_HEADER, refusalOf } from '../policy.ts';

const ROW_POLICY =
  "| policy refuses | policy's 4xx and text (a status outside 400-499 becomes 400); policy that fails: 500; nothing is created |";
const ROW_EXISTS = '| the channel exists | 200, empty; its media type stays |';
const ROW_ABSENT = '| absent, autocreate on | 200, empty; the channel exists, with head 0 and a new epoch |';

export const create: readonly Case[] = [
  {
    id: 'TRICKLE 1',
    title: 'without autocreate, creating a channel is 404 and makes none',
    quote: '| absent, autocreate off | 404 `Stream not found` |',
    needs: ['!autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', c), 404, { body: `${Reason.streamNotFound}\n` });
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'TRICKLE 4',
    title: 'with autocreate, creating a channel is 200, empty, and its head is 0',
    quote: ROW_ABSENT,
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', c), 200, { body: '' });
      answers(await wire.ask('GET', `${c}/next`), 200, { body: '0' });
    },
  },
  {
    id: 'TRICKLE 6',
    title: 'the media type is what Expect-Content said, whatever the segments say',
    quote: "Request header `Expect-Content` names the channel's media type",
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel('application/jsonl');
      await wire.publish(`${c}/0`, '{}\n', { 'Content-Type': 'text/third' });
      answers(await wire.ask('GET', `${c}/0`), 200, { type: 'application/jsonl' });
    },
  },
  {
    id: 'TRICKLE 8',
    title: 'creating a channel again is 200 and leaves its media type and its segments',
    quote: ROW_EXISTS,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel('text/first');
      await wire.publish(`${c}/0`, 'kept');
      answers(await wire.ask('POST', c, { headers: { [Header.expectContent]: 'text/second' } }), 200, { body: '' });
      answers(await wire.ask('GET', `${c}/0`), 200, { type: 'text/first', body: 'kept' });
    },
  },
  {
    id: 'TRICKLE 9',
    title: 'a body of the create, such as an empty form, is ignored',
    quote: 'a body is ignored.',
    needs: ['autocreate'],
    async run(wire) {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', [Header.expectContent]: 'text/plain' };
      const c = wire.name();
      answers(await wire.ask('POST', c, { headers }), 200, { body: '' });
      answers(await wire.ask('POST', c, { headers, body: 'a=b&c=d' }), 200, { body: '' });
      answers(await wire.ask('GET', `${c}/next`), 200, { body: '0' });
    },
  },
  {
    id: 'PROTOCOL 3.1 media-type',
    title: 'without Expect-Content the media type is application/octet-stream, even if a Content-Type was sent',
    quote: 'Without `Expect-Content` the media type is `application/octet-stream`.',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', c, { headers: { 'Content-Type': 'text/own' } }), 200);
      await wire.publish(`${c}/0`, 'x');
      answers(await wire.ask('GET', `${c}/0`), 200, { type: 'application/octet-stream' });
    },
  },
  {
    id: 'PROTOCOL 3.1 media-type-length',
    title: 'a media type of 256 bytes is answered 400 and creates nothing, one of 255 is taken',
    quote: '| the media type is longer than 255 bytes | 400 `Invalid media type`; nothing is created |',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      const ofLength = (length: number) => ({ headers: { [Header.expectContent]: `text/${'x'.repeat(length - 5)}` } });
      answers(await wire.ask('POST', c, ofLength(256)), 400, { body: 'Invalid media type\n' });
      answers(await wire.ask('GET', `${c}/next`), 404);
      answers(await wire.ask('POST', c, ofLength(255)), 200);
    },
  },
  {
    id: 'PROTOCOL 3.1 answer',
    title: 'the answer says the head and the epoch, of a new channel and of an old one',
    quote: 'The answers carry `Lp-Trickle-Latest` and `Lp-Trickle-Epoch`.',
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = wire.name();
      const made = answers(await wire.ask('POST', c), 200, { latest: 0, epoch: true });
      await wire.publish(`${c}/0`, 'x');
      answers(await wire.ask('POST', c), 200, { latest: 1, epoch: must(made, 'epoch') });
    },
  },
  {
    id: 'PROTOCOL 3.1 new-life',
    title: 'creating a channel that was just deleted begins a new life at head 0, with a new epoch',
    quote:
      '| closed but lingering (4.5), or a tombstone stands | as if absent, and both are ended: a new life begins |',
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = wire.name();
      const first = answers(await wire.ask('POST', c), 200);
      await wire.publish(`${c}/0`, 'old');
      answers(await wire.ask('DELETE', c), 200);
      const second = answers(await wire.ask('POST', c), 200, { latest: 0, epoch: true });
      same('the epoch of both lives being equal', must(first, 'epoch') === must(second, 'epoch'), false);
      await (await wire.open('GET', `${c}/0`)).hangs();
      await wire.publish(`${c}/0`, 'new');
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'new', closed: null });
    },
  },
  {
    id: 'TRICKLE 10',
    title: 'policy that refuses with 403 and a text is answered so, and nothing is created',
    quote: ROW_POLICY,
    needs: ['autocreate', 'policy'],
    async run(wire) {
      const c = wire.name();
      const refused = await wire.ask('POST', c, { headers: { [POLICY_HEADER]: '403' } });
      answers(refused, 403, { body: `${refusalOf(c)}\n` });
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'PROTOCOL 3.1 policy-status',
    title: 'a status of policy that is no 4xx becomes 400',
    quote: '(a status outside 400-499 becomes 400)',
    needs: ['autocreate', 'policy'],
    async run(wire) {
      const c = wire.name();
      for (const status of ['200', '302', '503'])
        answers(await wire.ask('POST', c, { headers: { [POLICY_HEADER]: status } }), 400, {
          body: `${refusalOf(c)}\n`,
        });
    },
  },
  {
    id: 'PROTOCOL 3.1 policy-fails',
    title: 'policy that fails is 500, and nothing is created',
    quote: 'policy that fails: 500; nothing is created',
    needs: ['autocreate', 'policy'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', c, { headers: { [POLICY_HEADER]: 'throw' } }), 500);
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'TRICKLE 11',
    title: 'policy sees the decoded name and the headers before the channel exists',
    quote: ROW_POLICY,
    needs: ['autocreate', 'policy'],
    async run(wire) {
      const c = wire.name('%20%C3%A9');
      const refused = await wire.ask('POST', c, { headers: { [POLICY_HEADER]: '451' } });
      answers(refused, 451, { body: `${refusalOf(decodeURIComponent(c))}\n` });
      answers(await wire.ask('GET', `${c}/next`), 404);
      answers(await wire.ask('POST', c), 200);
    },
  },
];
