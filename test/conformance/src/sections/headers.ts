/** Header names. PROTOCOL.md section 6. */
import { Header } from '@runnel/protocol';
import type { Case } from '../case.ts';
import { answers } from '../expect.ts';

export const headers: readonly Case[] = [
  {
    id: 'PROTOCOL 6 case',
    title: 'Expect-Content and Lp-Trickle-Reset work in any case',
    quote: 'Header names are case-insensitive.',
    needs: ['autocreate'],
    async run(wire) {
      const c = wire.name();
      answers(await wire.ask('POST', c, { headers: { [Header.expectContent.toUpperCase()]: 'text/plain' } }), 200);
      const [post, reader] = [await wire.open('POST', `${c}/0`), await wire.open('GET', `${c}/0`)];
      post.send('half');
      await reader.receives('half');
      await wire.publish(`${c}/1`, 'one', { [Header.reset.toLowerCase()]: '1' });
      answers(await reader.answer(), 200, { type: 'text/plain', body: 'half' });
    },
  },
];
