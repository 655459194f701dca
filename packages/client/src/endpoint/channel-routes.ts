/** The server's channels, as `runnel ls` shows them. A page cannot ask itself where the server allows it nothing, or wants credentials that only the relay has. */
import { TrickleError } from '@runnel/protocol';
import { listChannels } from '@runnel/pubsub';
import type { Hono } from 'hono';
import type { Relay } from '../relay.ts';
import type { ServerChannel } from './wire.ts';

/** For so long an answer is good for everybody who asks, as is the one that is being waited for: a listing of a large server is work for it. */
const FRESH_MS = 500;
/** And for so much longer for each channel: reading the answer takes some ten microseconds a channel, and holds the event loop. */
const FRESH_MS_EACH = 0.1;

export function channelRoutes(app: Hono, relay: Relay): void {
  const { url, connection, clock } = relay;
  let asked: { until: number; readonly answer: ReturnType<typeof listChannels> } | undefined;

  function ask(): ReturnType<typeof listChannels> {
    if (asked && clock.now() < asked.until) return asked.answer;
    const answer = listChannels(url, { ...connection, clock });
    const asking = { until: Number.POSITIVE_INFINITY, answer };
    const answered = (channels: Awaited<typeof answer>) => {
      asking.until = clock.now() + FRESH_MS + (channels?.length ?? 0) * FRESH_MS_EACH;
    };
    answer.then(answered, () => answered(undefined));
    asked = asking;
    return answer;
  }

  app.get('/channels', async (c) => {
    try {
      const channels = await ask();
      return channels
        ? c.json(channels satisfies readonly ServerChannel[])
        : c.text('The server does not list its channels: a Runnel server does with --changefeed\n', 404);
    } catch (error) {
      if (!(error instanceof TrickleError)) throw error;
      // The URL in it may have the relay's user and password.
      return c.text(`${error.message.replaceAll(/\/\/[^/\s]*@/g, '//')}\n`, 502);
    }
  });
}
