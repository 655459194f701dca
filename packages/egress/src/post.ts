/** One POST: the body goes out, the answer comes in to a bound. No retry, no redirect. By node:http: `fetch` takes about twice the CPU time. */
import http from 'node:http';
import https from 'node:https';
import { SinkError } from '@runnel/protocol';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The body, to 64 KiB. */
  readonly text: string;
}

/** Stable: receivers filter by it. */
const USER_AGENT = 'runnel-egress';
const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * Resolves with the answer, whatever its status, when all of it is there; connections are Node's own, kept alive. Rejects with a SinkError `unavailable` when there
 * is none or it breaks off in the middle, and with the signal's reason when `signal` aborts.
 */
export async function post(
  url: string,
  { headers, body }: { headers: Headers; body: Uint8Array },
  signal: AbortSignal,
): Promise<Answer> {
  headers.set('user-agent', USER_AGENT);
  // Without it a server may choose any coding (RFC 9110, section 12.5.3), and what the answer says of refusals would not be read.
  headers.set('accept-encoding', 'identity');
  headers.set('content-length', String(body.length));
  try {
    return await new Promise((resolve, reject) => {
      const { request } = new URL(url).protocol === 'https:' ? https : http;
      const sending = request(url, { method: 'POST', headers: Object.fromEntries(headers), signal });
      let answered = false;
      sending.once('response', (response) => {
        answered = true;
        // Nobody takes the rest of a body that is answered already, and the connection would be held for it.
        response.once('end', () => sending.writableFinished || sending.destroy());
        bounded(response).then(resolve, reject);
      });
      sending.on('error', (error) => answered || reject(error));
      // Node ends one that is answered 101 without an error.
      sending.once('close', () => answered || reject(new Error('closed without an answer')));
      sending.end(body);
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new SinkError('unavailable', `${withoutSecrets(url)}: ${reason(error)}`, { cause: error });
  }
}

function bounded(response: http.IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const done = () => resolve({ status, headers, text: Buffer.concat(chunks).toString('utf8', 0, MOST_ANSWER_BYTES) });
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= MOST_ANSWER_BYTES) return;
      done();
      response.destroy();
    });
    response.once('end', done);
    response.on('error', reject);
    response.once('close', () => reject(new Error('the answer broke off')));
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
}

/** A URL as it may stand in a log: its query and its user may be credentials. */
export function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
