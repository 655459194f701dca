/** The runner's side: publishes telemetry lines whose ids say what must arrive, and in which order. */
import { channelUrl, JSONL, sessionChannels } from '@runnel/protocol';
import { createJsonlWriter, type JsonlWriterOptions } from '@runnel/pubsub';

export interface Feed {
  readonly session: string;
  /** The events `1` to `published` have been written. */
  readonly published: number;
  /** Lines of which the server never said that it took them: they may be missing before any client could read them. */
  readonly unacknowledged: number;
  /** Publishes that many more. */
  publish(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The runner's start that all lines are of. */
const EPOCH = '0a1b2c3d';

/** A feed of the session's events channel. `padding` characters make each event longer. The caller closes it. */
export function createFeed(
  server: string,
  session: string,
  { padding = 0, ...options }: JsonlWriterOptions & { padding?: number } = {},
): Feed {
  const url = channelUrl(server, sessionChannels(session).events);
  const writer = createJsonlWriter(url, { create: true, mime: JSONL, ...options });
  let published = 0;
  return {
    session,
    get published() {
      return published;
    },
    get unacknowledged() {
      return writer.stats.linesUnacknowledged;
    },
    async publish(count) {
      const lines = Array.from({ length: count }, (_, at) => line(session, published + at + 1, padding));
      published += count;
      await writer.writeMany(lines);
    },
    async close() {
      await writer.close();
    },
  };
}

export const idOf = (session: string, n: number) => `${session}-${n}`;

/** The session and the number that an id was made of. */
export function partsOf(id: string): { readonly session: string; readonly n: number } {
  const at = id.lastIndexOf('-');
  return { session: id.slice(0, at), n: Number(id.slice(at + 1)) };
}

function line(session: string, n: number, padding: number): string {
  const data = { type: 'tick', n, ...(padding > 0 && { padding: 'x'.repeat(padding) }) };
  const event = { id: idOf(session, n), type: 'stream_trace', timestamp: '1700000000000', data };
  return JSON.stringify({ type: 'telemetry', epoch: EPOCH, seq: n, event });
}
