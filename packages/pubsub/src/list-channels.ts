/** Asks a server for its channels. PROTOCOL.md section 3.8. */
import { CHANNELS, channelListing, channelUrl, type ListedChannel, Status, TrickleError } from '@runnel/protocol';
import { Channel, type Connection } from './connection.ts';
import type { Answer } from './transport.ts';

/** A listing of 100,000 channels with long names fits. */
const MOST_BYTES = 64 * 1024 * 1024;
const ASK_MS = 10_000;

/**
 * The channels below a server's base URL, by name; undefined if the server has no listing. Rejects with TrickleError `unreachable` (also: no answer within 10 s, or one that is no
 * listing), `refused`, `too_large` over 64 MiB, `aborted`.
 */
export async function listChannels(
  baseUrl: string,
  options: Connection = {},
): Promise<readonly ListedChannel[] | undefined> {
  const channel = new Channel(channelUrl(baseUrl, CHANNELS), options);
  const { signal = new AbortController().signal } = options;
  const { status, text } = await channel.within(ASK_MS, signal, async (within) => {
    const answer = await channel.get(undefined, within);
    return { status: answer.status, text: await textOf(answer, within) };
  });
  // The Go server knows no GET of a channel.
  if (status === Status.notFound || status === Status.methodNotAllowed) return undefined;
  if (status !== Status.ok)
    throw new TrickleError('refused', `The server refused: ${status} ${text.trim().slice(0, 200)}`, { status });
  return parsed(text);
}

function parsed(text: string): readonly ListedChannel[] {
  try {
    return channelListing.parse(JSON.parse(text)).channels;
  } catch (cause) {
    throw new TrickleError('unreachable', 'The server answered with something that is no listing', { cause });
  }
}

async function textOf(answer: Answer, signal: AbortSignal): Promise<string> {
  const cancel = () => answer.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES)
        throw new TrickleError('too_large', `The server's answer is longer than ${MOST_BYTES} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    answer.cancel();
  }
  return text + decoder.decode();
}
