/** How a receiver can tell that a webhook is ours: LiveKit's token and Standard Webhooks' signature. EGRESS 3.17. */
import { createHash, createHmac } from 'node:crypto';
import { TrickleError } from '@runnel/protocol';
import { SignJWT } from 'jose';

/** Makes the headers of one attempt. `id` stays the same through all attempts, `wallMs` is the time of this one. */
export type WebhookSignature = (attempt: {
  readonly id: string;
  readonly body: Uint8Array;
  readonly wallMs: number;
}) => Promise<Record<string, string>> | Record<string, string>;

/** How long LiveKit's token is good for: 5 minutes. */
const TOKEN_SECONDS = 300;

/** `Authorization` is a JWT (HS256, `iss` the key) that holds the SHA-256 of the body; LiveKit's server SDKs verify it. */
export function liveKitSignature({ key, secret }: { key: string; secret: string }): WebhookSignature {
  const bytes = new TextEncoder().encode(secret);
  return async ({ body, wallMs }) => {
    const now = Math.floor(wallMs / 1000);
    const token = await new SignJWT({ sha256: createHash('sha256').update(body).digest('base64') })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(key)
      .setNotBefore(now)
      .setExpirationTime(now + TOKEN_SECONDS)
      .sign(bytes);
    return { authorization: token, 'content-type': 'application/webhook+json' };
  };
}

const PREFIX = 'whsec_';

/** `webhook-id`, `webhook-timestamp` and `webhook-signature` (v1), https://www.standardwebhooks.com. Throws `invalid` if `secret` is not base64 of 24 to 64 bytes, with or without `whsec_`. */
export function standardSignature(secret: string): WebhookSignature {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = Buffer.from(text, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (!isBase64 || key.length < 24 || key.length > 64) {
    throw new TrickleError('invalid', 'the secret of a webhook is base64 of 24 to 64 bytes, as in whsec_…');
  }
  return ({ id, body, wallMs }) => {
    const timestamp = String(Math.floor(wallMs / 1000));
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
      'content-type': 'application/json',
    };
  };
}
