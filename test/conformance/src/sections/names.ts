/** What may name a channel. PROTOCOL.md section 2. */
import { Reason } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';
import type { Wire } from '../wire/wire.ts';

const QUOTE_CHARACTERS = 'any characters are allowed but NUL and the other control characters';
const QUOTE_LENGTH = 'and it is 1 to 255 bytes long as UTF-8';
const QUOTE_RESERVED = 'they can be read, and every POST and DELETE of them is answered 403.';

/** Pads a fresh name with a character, given as it stands in a path, to so many bytes. */
function padded(wire: Wire, bytes: number, character: string, characterBytes: number): string {
  const room = bytes - wire.name().length;
  return wire.name(character.repeat(Math.floor(room / characterBytes)) + 'x'.repeat(room % characterBytes));
}

async function isNoName(wire: Wire, name: string): Promise<void> {
  answers(await wire.ask('POST', name), 400);
  answers(await wire.ask('POST', `${name}/0`, { body: 'x' }), 400);
  answers(await wire.ask('GET', `${name}/next`), 400);
}

export const names: readonly Case[] = [
  {
    id: 'PROTOCOL 2 decoded',
    title: 'slash, space, percent, a euro sign and a tilde in a name, encoded, are characters like others',
    quote: QUOTE_CHARACTERS,
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name('%2Fx%20%25%E2%82%AC~.a:b@c');
      answers(await wire.ask('POST', c), 200);
      await wire.publish(`${c}/0`, 'hello');
      answers(await wire.ask('GET', `${c}/0`), 200, { body: 'hello' });
      answers(await wire.ask('GET', `${c.replace('%2Fx', '%2fx').replace('~', '%7E')}/next`), 200, { body: '1' });
    },
  },
  {
    id: 'PROTOCOL 2 decoded-once',
    title: '%2561 is the name %61, not the name a',
    quote: 'A channel name is percent-decoded once',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name('%2561');
      answers(await wire.ask('POST', c), 200);
      answers(await wire.ask('GET', `${c}/next`), 200);
      answers(await wire.ask('GET', `${c.replace('%2561', '%61')}/next`), 404);
    },
  },
  {
    id: 'PROTOCOL 2 longest',
    title: 'a name of 255 bytes is one, a name of 256 is none',
    quote: QUOTE_LENGTH,
    needs: ['autocreate'],
    async run(wire) {
      answers(await wire.ask('POST', padded(wire, 255, 'x', 1)), 200);
      await isNoName(wire, padded(wire, 256, 'x', 1));
    },
  },
  {
    id: 'PROTOCOL 2 longest-utf8',
    title: 'the length of a name is counted in bytes of UTF-8, not in characters',
    quote: QUOTE_LENGTH,
    needs: ['autocreate'],
    async run(wire) {
      answers(await wire.ask('POST', padded(wire, 255, '%E2%82%AC', 3)), 200);
      await isNoName(wire, padded(wire, 256, '%E2%82%AC', 3));
    },
  },
  {
    id: 'PROTOCOL 2 control-characters',
    title: 'NUL, LF and DEL in a name are answered 400',
    quote: 'A name that is none is answered 400.',
    needs: ['autocreate'],
    async run(wire) {
      for (const character of ['%00', '%0A', '%1f', '%7F']) await isNoName(wire, wire.name(character));
      answers(await wire.ask('POST', wire.name('%00')), 400, { body: `${Reason.invalidName}\n` });
    },
  },
  {
    id: 'PROTOCOL 2 dots',
    title: 'a dot and two dots are answered 400, encoded or not',
    quote: '`.` and `..` are not names',
    needs: ['sockets'],
    async run(wire) {
      for (const dots of ['.', '..', '%2e', '%2E%2e', '.%2E']) {
        answers(await wire.ask('POST', dots), 400);
        answers(await wire.ask('POST', `${dots}/0`, { body: 'x' }), 400);
      }
    },
  },
  {
    id: 'PROTOCOL 2 broken-encoding',
    title: 'a percent sign without two digits, and bytes that are no UTF-8, are answered 400',
    quote: 'a path part that is no percent-encoded UTF-8 is none.',
    needs: ['autocreate'],
    async run(wire) {
      for (const part of ['%zz', '%4', '%', '%ff%fe']) await isNoName(wire, wire.name(part));
    },
  },
  {
    id: 'PROTOCOL 2 reserved create',
    title: 'creating and deleting a name that begins with _ are 403',
    quote: QUOTE_RESERVED,
    needs: ['reserved'],
    async run(wire) {
      const c = `_${wire.name()}`;
      answers(await wire.ask('POST', c), 403, { body: `${Reason.reservedName}\n` });
      answers(await wire.ask('DELETE', c), 403);
      answers(await wire.ask('DELETE', `${c}/0`), 403);
      answers(await wire.ask('GET', `${c}/next`), 404);
    },
  },
  {
    id: 'PROTOCOL 2 reserved changes',
    title: 'the changefeed can be read, and not written nor deleted',
    quote: QUOTE_RESERVED,
    needs: ['reserved', 'changefeed'],
    async run(wire) {
      answers(await wire.ask('GET', '_changes/next'), 200);
      answers(await wire.ask('POST', '_changes/-1', { body: '{}' }), 403);
      answers(await wire.ask('DELETE', '_changes'), 403);
      answers(await wire.ask('GET', '_changes/next'), 200);
    },
  },
  {
    id: 'PROTOCOL 2 reserved publish',
    title: 'a segment of a reserved name is refused at once, its body unread',
    quote: '| the name is reserved | 403 `Reserved name`, `Connection: close` |',
    needs: ['reserved'],
    async run(wire) {
      const post = await wire.open('POST', `_${wire.name()}/0`);
      answers(await post.answer(), 403, { body: `${Reason.reservedName}\n`, connection: 'close' });
      await post.closes();
    },
  },
];
