/** Requests to the relay's endpoint, which serves this page. */

/** `denied`: a token is asked for. `away`: nobody answered. `refused`: the answer says why not. */
export type EndpointErrorKind = 'denied' | 'away' | 'refused';

export class EndpointError extends Error {
  override readonly name = 'EndpointError';
  readonly kind: EndpointErrorKind;
  readonly status: number;

  constructor(kind: EndpointErrorKind, message: string, status = 0) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

/** An endpoint that says nothing for so long is taken to be away: it may hang without closing the connection. */
const PATIENCE_MS = 10_000;
/** Most characters of an answer's text that are shown. */
const MOST_TEXT = 500;

/** Resolves with the answer's JSON. Rejects with {@link EndpointError}, or with the signal's reason. */
export async function ask<T>(
  path: string,
  init: { method?: string; body?: unknown; signal?: AbortSignal } = {},
): Promise<T> {
  const { method = 'GET', body, signal } = init;
  const headers: Record<string, string> = {};
  if (method !== 'GET') headers['X-Runnel-Token'] = token();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(path, {
    method,
    headers,
    cache: 'no-store',
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw signal.reason;
    throw new EndpointError('away', `The relay does not answer (${error instanceof Error ? error.message : error})`);
  });
  if (response.ok) return (await response.json()) as T;
  const text = (await response.text().catch(() => '')).trim().slice(0, MOST_TEXT);
  const denied = response.status === 401 || response.status === 403;
  throw new EndpointError(denied ? 'denied' : 'refused', text || `Answered ${response.status}`, response.status);
}

/** Put into the page by who serves it: only a page of the same origin can read it. */
function token(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="runnel-token"]')?.content ?? '';
}
