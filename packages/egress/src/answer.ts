/** What an answer's status means for the batch. EGRESS 2.5 to 2.11. */
import { type Clock, SinkError, type SinkErrorKind } from '@runnel/protocol';
import { type Answer, withoutSecrets } from './post.ts';

/** What a 403 means: `refuse` is EGRESS 2.11, `pause` the policy of 2.7 for services that answer it to a key that has expired. */
export type Forbidden = 'refuse' | 'pause';

/** Returns if the batch was accepted (any 2xx); throws the SinkError that the status stands for. */
export function accept(
  url: string,
  answer: Answer,
  { clock, forbidden }: { clock: Clock; forbidden: Forbidden },
): void {
  const { status, text } = answer;
  if (status >= 200 && status < 300) return;
  const retryAfterMs = retryAfter(answer.headers, clock);
  const kind = status === 403 && forbidden === 'pause' ? 'unauthorized' : kindOf(status, retryAfterMs);
  throw new SinkError(kind, `${withoutSecrets(url)} answered ${status}${hint(answer)}`, {
    status,
    response: text,
    ...(kind === 'throttled' && { retryAfterMs: retryAfterMs ?? WITHOUT_HEADER_MS }),
  });
}

/** How long to wait after a 429 that does not say it. EGRESS 2.8. */
const WITHOUT_HEADER_MS = 60_000;

/**
 * A 3xx is a configuration that points elsewhere and a 5xx an outage: both lose nothing by waiting. The other 4xx are about what was sent.
 */
function kindOf(status: number, retryAfterMs: number | undefined): SinkErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 413) return 'too_large';
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) return 'throttled';
  if (status === 408 || status === 425) return 'unavailable';
  return status >= 400 && status < 500 ? 'refused' : 'unavailable';
}

/** `Retry-After` in both its forms, in milliseconds from now; a date is read against the answer's own `Date`, so that the clocks need not agree. */
function retryAfter(headers: Answer['headers'], clock: Clock): number | undefined {
  const value = headers['retry-after']?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const now = Date.parse(headers.date ?? '');
  return Math.max(0, at - (Number.isNaN(now) ? clock.wall() : now));
}

function hint({ status, headers }: Answer): string {
  return status >= 300 && status < 400 && headers.location ? `: it redirects to ${headers.location}` : '';
}
