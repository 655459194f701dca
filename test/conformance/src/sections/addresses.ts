/** Which methods and paths there are, and the shape of errors. PROTOCOL.md section 2. */
import { CHANNELS, Header, Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';
import type { Method } from '../wire/wire.ts';

interface Route {
  readonly method: Method;
  readonly path: string;
  readonly row: string;
  readonly need?: 'head-request' | 'listing';
}

const routes: readonly Route[] = [
  { method: 'POST', path: '{c}', row: '| `POST {base}{channel}` | create the channel |' },
  { method: 'POST', path: '{c}/1', row: '| `POST {base}{channel}/{seq}` | publish a segment |' },
  { method: 'GET', path: '{c}/next', row: '| `GET {base}{channel}/next` | ask for the head |' },
  { method: 'GET', path: '{c}/0', row: '| `GET {base}{channel}/{seq}` | subscribe to a segment |' },
  {
    method: 'HEAD',
    path: '{c}/0',
    row: '| `HEAD {base}{channel}/{seq}` | ask what is known of a segment, without waiting |',
    need: 'head-request',
  },
  { method: 'DELETE', path: '{c}/0', row: '| `DELETE {base}{channel}/{seq}` | close a segment |' },
  { method: 'DELETE', path: '{c}', row: '| `DELETE {base}{channel}` | close the channel |' },
  {
    method: 'GET',
    path: CHANNELS,
    row: '| `GET {base}_channels` | list channels (only with the changefeed on) |',
    need: 'listing',
  },
];

const routing = routes.map(
  ({ method, path, row, need }): Case => ({
    id: `PROTOCOL 2 ${method} ${path}`,
    title: `${method} ${path} is served, with 200`,
    quote: row,
    needs: need === undefined ? ['autocreate'] : ['autocreate', need],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'hello');
      answers(await wire.ask(method, path.replace('{c}', c)), 200);
    },
  }),
);

const errors: readonly Case[] = [
  {
    id: 'PROTOCOL 2 errors',
    title: 'a 404, a 400 and a 470 are one line of plain text that no browser sniffs',
    quote:
      '**Errors** are `text/plain; charset=utf-8` with `X-Content-Type-Options: nosniff`, one line that ends in LF.',
    needs: ['autocreate'],
    async run(wire) {
      const shape = { type: 'text/plain; charset=utf-8', sniff: 'nosniff', body: /^[^\n]+\n$/ };
      answers(await wire.ask('GET', `${wire.name()}/0`), 404, shape);
      const c = await wire.channel();
      answers(await wire.ask('GET', `${c}/word`), 400, shape);
      answers(await wire.ask('GET', `${c}/5`), 470, shape);
    },
  },
  {
    id: 'PROTOCOL 2 texts',
    title: 'the text of an error is the one the specification names',
    quote: '| channel absent | 404 `Stream not found` |',
    needs: ['autocreate'],
    async run(wire) {
      answers(await wire.ask('GET', `${wire.name()}/0`), 404, { body: `${Reason.streamNotFound}\n` });
      const c = await wire.channel();
      answers(await wire.ask('GET', `${c}/5`), 470, { body: `${Reason.entryNotFound}\n` });
    },
  },
  {
    id: 'PROTOCOL 2 405 channel',
    title: 'GET and PUT of a channel are 405 with the methods it has',
    quote: 'A wrong method is 405 with `Allow`: `DELETE, POST` on a channel',
    async run(wire) {
      const c = wire.name();
      for (const method of ['GET', 'PUT', 'PATCH'] as const)
        answers(await wire.ask(method, c), 405, { allow: 'DELETE, POST' });
    },
  },
  {
    id: 'PROTOCOL 2 405 segment',
    title: 'PUT of a segment is 405 with the methods it has',
    quote: '`DELETE, GET, HEAD, POST` on a segment',
    async run(wire) {
      answers(await wire.ask('PUT', `${wire.name()}/0`), 405, { allow: 'DELETE, GET, HEAD, POST' });
    },
  },
  {
    id: 'PROTOCOL 2 405 next',
    title: 'POST and DELETE of next are 405 with the methods it has',
    quote: '`GET, HEAD` on `next`',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      for (const method of ['POST', 'DELETE'] as const)
        answers(await wire.ask(method, `${c}/next`), 405, { allow: 'GET, HEAD' });
    },
  },
  {
    id: 'PROTOCOL 2 deeper',
    title: 'a path part too many and a trailing slash are 404',
    quote: 'Further path parts or a trailing slash are 404.',
    needs: ['autocreate'],
    async run(wire) {
      const c = await wire.channel();
      await wire.publish(`${c}/0`, 'hello');
      for (const path of [`${c}/0/`, `${c}/0/1`, `${c}/next/`, `${c}/0/next`])
        answers(await wire.ask('GET', path), 404);
      answers(await wire.ask('POST', `${c}/`), 404);
    },
  },
  {
    id: 'PROTOCOL 2 query',
    title: 'a query changes nothing, on a channel, a segment and next',
    quote: 'A query string is ignored.',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', `${c}?token=1`, { headers: { [Header.expectContent]: 'text/plain' } }), 200);
      await wire.publish(`${c}/0?a=b&c=/d`, 'hello');
      answers(await wire.ask('GET', `${c}/0?x`), 200, { body: 'hello', type: 'text/plain' });
      answers(await wire.ask('GET', `${c}/next?x`), 200, { body: '1' });
    },
  },
];

export const addresses = [...routing, ...errors];
