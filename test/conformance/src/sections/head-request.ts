/** HEAD. PROTOCOL.md section 3.5. */
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';

const QUOTE = 'Answers at once, never waits, has no body: the status and headers a GET would get now.';

export const headRequest: readonly Case[] = [
  {
    id: 'PROTOCOL 3.5 finished',
    title: 'HEAD of a finished segment has the headers of its GET and no body',
    quote: QUOTE,
    needs: ['autocreate', 'head-request'],
    async run(wire) {
      const c = await wire.channel('text/plain');
      await wire.publish(`${c}/0`, 'hello');
      const expected = { type: 'text/plain', seq: 0, latest: 1, length: 5, size: 5, body: '' };
      answers(await wire.ask('HEAD', `${c}/0`), 200, expected);
      answers(await wire.ask('HEAD', `${c}/-2`), 200, expected);
    },
  },
  {
    id: 'PROTOCOL 3.5 open',
    title: 'HEAD of a segment being written answers at once',
    quote: QUOTE,
    needs: ['autocreate', 'head-request'],
    async run(wire) {
      const c = await wire.channel('text/plain');
      const post = await wire.open('POST', `${c}/0`);
      post.send('half');
      await wire.headIs(c, 1);
      answers(await wire.ask('HEAD', `${c}/0`), 200, { type: 'text/plain', seq: 0, latest: 1, size: null });
    },
  },
  {
    id: 'PROTOCOL 3.5 waiting',
    title: 'HEAD where a GET would wait is 200 with Seq and Latest, at once',
    quote: 'Where a GET would wait: 200 with `Lp-Trickle-Seq` and `Lp-Trickle-Latest`.',
    needs: ['autocreate', 'head-request'],
    async run(wire) {
      const c = await wire.channel();
      for (const [path, seq] of [
        ['0', 0],
        ['1', 1],
        ['-1', 0],
        ['-2', 0],
      ])
        answers(await wire.ask('HEAD', `${c}/${path}`), 200, { seq: Number(seq), latest: 0 });
    },
  },
  {
    id: 'PROTOCOL 3.5 errors',
    title: 'HEAD of no channel is 404, of a seq out of the window 470, of no seq 400',
    quote: QUOTE,
    needs: ['autocreate', 'head-request'],
    async run(wire) {
      answers(await wire.ask('HEAD', `${wire.name()}/0`), 404, { body: '' });
      const c = await wire.channel();
      answers(await wire.ask('HEAD', `${c}/7`), 470, { latest: 0, seq: 7, body: '' });
      answers(await wire.ask('HEAD', `${c}/word`), 400, { body: '' });
    },
  },
  {
    id: 'PROTOCOL 3.5 next',
    title: 'HEAD of next has the headers of its GET and no body',
    quote: '`HEAD {channel}/next` is `GET` without the body.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'x');
      answers(await wire.ask('HEAD', `${c}/next`), 200, { latest: 1, type: /^text\/plain/, body: '' });
    },
  },
  {
    id: 'PROTOCOL 3.5 keep-alive',
    title: 'the answer to a HEAD has no body, so that the next answer on the connection is read rightly',
    quote: QUOTE,
    needs: ['autocreate', 'head-request', 'sockets'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'hello');
      const connection = await wire.connect();
      answers(await wire.on(connection, 'HEAD', `${c}/0`).answer(), 200);
      answers(await wire.on(connection, 'HEAD', `${c}/9`).answer(), 470);
      answers(await wire.on(connection, 'GET', `${c}/0`).answer(), 200, { body: 'hello' });
    },
  },
];
