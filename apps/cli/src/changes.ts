/** What the changefeed of a server still holds, for one that does not list its channels. */
import { CHANGES, channelUrl, NEXT, Status, TrickleError } from '@runnel/protocol';
import type { Answer } from '@runnel/pubsub';
import { z } from 'zod';

/** GETs a URL with the person's headers. */
export type Get = (url: string) => Promise<Answer>;

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

/** Of one change: far more than any. */
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
