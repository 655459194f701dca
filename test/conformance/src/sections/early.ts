/** Answers that a writer gets before its body has ended. PROTOCOL.md section 3.2. */
import { Header, Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers, must, same } from '../expect.ts';

const ROW_ABSENT =
  '| channel absent, autocreate off | at once, body unread: 404 `Stream not found`, `Connection: close` |';
const ROW_TOMBSTONE =
  '| channel closed but lingering, or a tombstone stands (4.5) | at once: 404 `Stream not found`, ' +
  '`Lp-Trickle-Closed: terminated`, `Connection: close` |';
const ROW_FINISHED =
  '| the seq was finished, or has left the window | at once, body unread: 409 `Segment is closed`, `Lp-Trickle-Latest`, ' +
  '`Connection: close`; nothing is stored and the head stays. For seq 0 see 4.6 |';
const ROW_UNDER =
  '| the segment is ended under the writer, by Reset, by DELETE of the segment, or as a hole | at once: 200, ' +
  '`Lp-Trickle-Seq`, `Connection: close`; bytes that still come are discarded and counted |';
const ROW_CLOSED =
  '| the channel is closed under the writer, whether bytes have flowed or not | at once: 200, `Lp-Trickle-Seq`, ' +
  '`Lp-Trickle-Closed: terminated`, `Connection: close` |';

export const early: readonly Case[] = [
  {
    id: 'TRICKLE 2',
    title: 'without autocreate, a POST with a body to no channel is 404, closes, and makes none',
    quote: ROW_ABSENT,
    needs: ['!autocreate'],
    async run(wire) {
      const c = wire.name();
      const refused = await wire.ask('POST', `${c}/0`, { body: 'hello' });
      answers(refused, 404, { body: `${Reason.streamNotFound}\n`, connection: 'close' });
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'TRICKLE 3',
    title: 'without autocreate, a POST to no channel is answered before it sends a byte',
    quote: ROW_ABSENT,
    needs: ['!autocreate'],
    async run(wire) {
      const post = await wire.open('POST', `${wire.name()}/0`);
      answers(await post.answer(), 404, { connection: 'close' });
      await post.closes();
    },
  },
  {
    id: 'TRICKLE 20',
    title: 'a late POST does not bring a deleted channel back; an explicit create does',
    quote: ROW_TOMBSTONE,
    needs: ['autocreate', 'tombstone'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      answers(await wire.ask('DELETE', c), 200);
      const post = await wire.open('POST', `${c}/1`);
      answers(await post.answer(), 404, {
        body: `${Reason.streamNotFound}\n`,
        closed: 'terminated',
        connection: 'close',
      });
      await post.closes();
      answers(await wire.ask('POST', c), 200);
      answers(await wire.publish(`${c}/0`, 'again'), 200, { closed: null });
    },
  },
  {
    id: 'PROTOCOL 3.2 finished',
    title: 'a POST of a finished segment is 409 before it sends a byte; nothing is stored and the head stays',
    quote: ROW_FINISHED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/1`, 'one');
      const post = await wire.open('POST', `${c}/1`);
      answers(await post.answer(), 409, { body: `${Reason.segmentClosed}\n`, latest: 2, connection: 'close' });
      await post.closes();
      same('head', await wire.latest(c), 2);
      answers(await wire.ask('GET', `${c}/1`), 200, { body: 'one' });
    },
  },
  {
    id: 'PROTOCOL 3.2 finished body',
    title: 'a POST of a finished segment that has sent its whole body is 409 all the same',
    quote: ROW_FINISHED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      answers(await wire.ask('POST', `${c}/0`, { body: 'other' }), 409, { latest: 1, connection: 'close' });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'zero' });
      answers(await wire.publish(`${c}/-1`, 'one'), 200, { seq: 1 });
    },
  },
  {
    id: 'TRICKLE 35',
    title: 'with head 7, a POST of 1 leaves segments 2 to 6 readable and the head at 7',
    quote: ROW_FINISHED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (let seq = 0; seq < 7; seq += 1) await wire.publish(`${c}/${seq}`, `segment ${seq}`);
      answers(await wire.ask('POST', `${c}/1`, { body: 'late' }), 409, { latest: 7 });
      same('head', await wire.latest(c), 7);
      for (let seq = 2; seq < 7; seq += 1)
        answers(await wire.ask('GET', `${c}/${seq}`), 200, { seq, body: `segment ${seq}` });
    },
  },
  {
    id: 'PROTOCOL 3.2 ended by reset',
    title: 'a writer whose segment is closed by Reset is answered at once, without Closed',
    quote: ROW_UNDER,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      post.send('half');
      await wire.headIs(c, 1);
      await wire.publish(`${c}/1`, 'one', { [Header.reset]: '1' });
      answers(await post.answer(), 200, { seq: 0, closed: null, connection: 'close' });
      await post.closes();
    },
  },
  {
    id: 'PROTOCOL 3.2 ended by delete',
    title: 'a writer whose segment is deleted is answered at once, without Closed, and the head stays behind it',
    quote: ROW_UNDER,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      await post.hangs();
      answers(await wire.ask('DELETE', `${c}/0`), 200);
      answers(await post.answer(), 200, { seq: 0, closed: null, connection: 'close' });
      await post.closes();
      same('head', await wire.latest(c), 1);
    },
  },
  {
    id: 'PROTOCOL 3.2 ended as a hole',
    title: 'a preconnect of a hole is answered when the hole is released',
    quote: ROW_UNDER,
    needs: ['autocreate', 'skipped'],
    seconds: 1,
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/1`);
      await post.hangs();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/2`, 'two');
      answers(await post.answer(), 200, { seq: 1, closed: null, connection: 'close' });
    },
  },
  {
    id: 'TRICKLE 44',
    title: 'a late byte for a segment that Reset closed reaches nobody, and its writer is not failed',
    quote: 'bytes that still come are discarded and counted',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      const reader = await wire.open('GET', `${c}/0`);
      post.send('early');
      await reader.receives('early');
      await wire.publish(`${c}/1`, 'one', { [Header.reset]: 'true' });
      post.send(' late');
      post.end();
      answers(await post.answer(), 200, { seq: 0 });
      answers(await reader.answer(), 200, { body: 'early' });
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'early' });
    },
  },
  {
    id: 'TRICKLE 69',
    title: 'deleting the channel answers the preconnected writer and the waiting reader, both with Closed',
    quote: ROW_CLOSED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      const [post, reader] = [await wire.open('POST', `${c}/1`), await wire.open('GET', `${c}/1`)];
      await Promise.all([post.hangs(), reader.hangs()]);
      answers(await wire.ask('DELETE', c), 200);
      answers(await post.answer(), 200, { seq: 1, closed: 'terminated', connection: 'close' });
      answers(await reader.answer(), 200, { seq: 1, closed: 'terminated', latest: true, length: 0, body: '' });
    },
  },
  {
    id: 'TRICKLE 70',
    title: 'deleting the channel ends the reader of an open segment cleanly and tells its writer',
    quote: ROW_CLOSED,
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      const post = await wire.open('POST', `${c}/0`);
      const reader = await wire.open('GET', `${c}/0`);
      post.send('half');
      await reader.receives('half');
      answers(await wire.ask('DELETE', c), 200);
      answers(await reader.answer(), 200, { body: 'half', trailers: {} });
      answers(await post.answer(), 200, { seq: 0, closed: 'terminated', connection: 'close' });
    },
  },
  {
    id: 'PROTOCOL 3.2 carries',
    title: 'a 200 and a 409 of a POST say the head and the epoch',
    quote: 'Every 200 and 409 carries `Lp-Trickle-Latest` and `Lp-Trickle-Epoch`.',
    needs: ['autocreate', 'epochs'],
    async run(wire) {
      const c = await wire.channel();
      const taken = answers(await wire.publish(`${c}/0`, 'zero'), 200, { latest: 1, epoch: true });
      const same = { latest: 1, epoch: must(taken, 'epoch') };
      answers(await wire.ask('POST', `${c}/0`, { body: 'x' }), 409, same);
      const post = await wire.open('POST', `${c}/1`);
      await post.hangs();
      answers(await wire.ask('DELETE', c), 200);
      answers(await post.answer(), 200, { latest: true, epoch: same.epoch });
    },
  },
  {
    id: 'PROTOCOL 3.2 not lost',
    title: 'an early answer reaches a writer that was still sending when it came',
    quote:
      'the server goes on reading and discarding for at most 500 ms before it closes, so that the answer is not lost to a connection reset.',
    needs: ['autocreate', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'zero');
      await wire.publish(`${c}/1`, 'one');
      for (let round = 0; round < 10; round += 1) {
        const post = await wire.open('POST', `${c}/1`);
        for (let chunk = 0; chunk < 8; chunk += 1) post.send(Buffer.alloc(16_384));
        answers(await post.answer(), 409, { connection: 'close' });
      }
    },
  },
];
