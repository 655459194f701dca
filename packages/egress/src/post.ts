/** One POST: the body goes out, the answer comes in to a bound. No retry, no redirect. */
import { SinkError } from '@runnel/protocol';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, to 64 KiB. */
  readonly text: string;
}

/** Stable: receivers filter by it. */
const USER_AGENT = 'runnel-egress';
const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * Resolves with the answer, whatever its status, when all of it is there; connections are kept alive. Rejects with a SinkError `unavailable` when there
 * is none or it breaks off in the middle, and with the signal's reason when `signal` aborts.
 */
export async function post(
  url: string,
  request: { headers: Headers; body: Uint8Array },
  signal: AbortSignal,
): Promise<Answer> {
  const { headers } = request;
  const body = request.body as Uint8Array<ArrayBuffer>;
  headers.set('user-agent', USER_AGENT);
  try {
    const response = await fetch(url, { method: 'POST', redirect: 'manual', signal, headers, body });
    return { status: response.status, headers: response.headers, text: await bounded(response) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new SinkError('unavailable', `${withoutSecrets(url)}: ${reason(error)}`, { cause: error });
  }
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop cancels the body, and with it the connection.
    if (size > MOST_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_ANSWER_BYTES).toString();
}

/** fetch says "fetch failed"; what happened is in the cause. */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
}

/** A URL as it may stand in a log: its query and its user may be credentials. */
export function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
