/** @segment/analytics-node, as its documentation sets it up. */
import { Analytics } from '@segment/analytics-node';
import type { Peer } from './peer.ts';

interface Body {
  readonly batch: readonly { readonly properties: { readonly id: string } }[];
}

export const segment: Peer = {
  name: '@segment/analytics-node',
  settings: 'defaults: flushAt 15, flushInterval 10 s, 10 retries; closeAndFlush() with its own time-out',
  wire: {
    linesOf: (body) => (JSON.parse(body.toString()) as Body).batch.map(({ properties }) => properties.id),
    idOf: (id) => id,
  },
  start(url, say) {
    const client = new Analytics({ writeKey: 'test', host: new URL(url).origin });
    client.on('error', ({ code, reason }) => say(`${code}: ${reason}`));
    return {
      send: (id) => client.track({ userId: 'demo', event: 'tick', properties: { id } }),
      async shutdown() {
        await client.closeAndFlush();
        return 'resolved';
      },
    };
  },
};
