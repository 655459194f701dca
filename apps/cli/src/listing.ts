/** What a server says of its channels: Runnel's listing, or what the changefeed of another server still holds. */
import { CHANGES, CHANNELS, channelUrl, NEXT, Status, TrickleError } from '@runnel/protocol';
import type { Answer } from '@runnel/pubsub';
import { z } from 'zod';

/** GETs a URL with the person's headers. */
export type Get = (url: string) => Promise<Answer>;

const listing = z.object({
  channels: z.array(
    z.object({
      name: z.string(),
      mime: z.string(),
      head: z.number(),
      oldest: z.number().nullable(),
      readers: z.number(),
      writers: z.number(),
      bytes: z.number(),
      closed: z.boolean(),
    }),
  ),
});
export type Listing = z.infer<typeof listing>['channels'][number];

/** The channels of a Runnel server, by name; undefined if the server has no listing. PROTOCOL.md section 3.8. */
export async function listChannels(base: string, get: Get): Promise<Listing[] | undefined> {
  const answer = await get(channelUrl(base, CHANNELS));
  const text = await textOf(answer);
  // The Go server knows no GET of a channel.
  if (answer.status === Status.notFound || answer.status === Status.methodNotAllowed) return undefined;
  if (answer.status !== Status.ok) throw refused(answer, text);
  return listing.parse(JSON.parse(text)).channels;
}

/** One change the feed still holds, oldest first; undefined if the server has no changefeed. PROTOCOL.md section 5. */
export async function recentChanges(base: string, get: Get): Promise<Change[] | undefined> {
  const feed = channelUrl(base, CHANGES);
  const answer = await get(`${feed}/${NEXT}`);
  const head = Number(await textOf(answer));
  if (answer.status !== Status.ok || !Number.isSafeInteger(head)) return undefined;
  const changes: Change[] = [];
  // Only finished segments are asked for, by their number: nothing here waits, and no server is sent a seq it could choke on.
  for (let seq = Math.max(0, head - REFERENCE_WINDOW); seq < head; seq++) {
    const segment = await get(`${feed}/${seq}`);
    const text = await textOf(segment);
    if (segment.status === Status.ok && text !== '') changes.push(change.parse(JSON.parse(text)));
  }
  return changes;
}

const change = z.object({ added: z.array(z.string()).optional(), removed: z.array(z.string()).optional() });
export type Change = z.infer<typeof change>;

/** The Go server keeps this many. */
const REFERENCE_WINDOW = 5;

/** A listing of 100,000 channels with long names fits. */
const MOST_BYTES = 64 * 1024 * 1024;

async function textOf(answer: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      answer.cancel();
      throw new TrickleError('too_large', `The server's answer is longer than ${MOST_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refused({ status }: Answer, text: string): TrickleError {
  return new TrickleError('refused', `The server refused: ${status} ${text.trim().slice(0, 200)}`, { status });
}
