/** posthog-node, as its documentation sets it up. */
import { gunzipSync } from 'node:zlib';
import { PostHog } from 'posthog-node';
import type { Peer } from './peer.ts';

interface Body {
  readonly batch: readonly { readonly properties: { readonly id: string } }[];
}

export const posthog: Peer = {
  name: 'posthog-node',
  settings: 'defaults: flushAt 20, maxQueueSize 10,000, 3 retries 3 s apart; shutdown() with its 30 s',
  wire: {
    linesOf(body, headers) {
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      return (JSON.parse(text.toString()) as Body).batch.map(({ properties }) => properties.id);
    },
    idOf: (id) => id,
  },
  start(url, say) {
    const client = new PostHog('phc_test', { host: new URL(url).origin });
    client.on('error', (error: unknown) => say(String(error)));
    return {
      send: (id) => client.capture({ distinctId: 'demo', event: 'tick', properties: { id } }),
      async shutdown() {
        await client.shutdown();
        return 'resolved';
      },
    };
  },
};
