/** The receiver's side of LiveKit's webhook signature. EGRESS 3.17. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '@runnel/protocol';
import { decodeJwt, errors, jwtVerify } from 'jose';

export type WebhookErrorCode = 'no_header' | 'bad_token' | 'unknown_key' | 'wrong_hash';

export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  readonly code: WebhookErrorCode;

  constructor(code: WebhookErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Resolves if `authorization`, the header as it came, is a token for exactly these bytes, signed with the secret of the key that it names and not
 * expired. Rejects with a WebhookError otherwise. What else the body holds is the caller's.
 */
export async function verifyWebhook(
  body: Uint8Array,
  authorization: string | undefined,
  secretOf: (key: string) => string | undefined,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<void> {
  if (!authorization) throw new WebhookError('no_header', 'there is no Authorization header');
  const sha256 = await tokenHash(authorization, secretOf, clock);
  const expected = createHash('sha256').update(body).digest();
  const given = Buffer.from(sha256, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new WebhookError('wrong_hash', 'the token is not for this body');
  }
}

async function tokenHash(token: string, secretOf: (key: string) => string | undefined, clock: Clock): Promise<string> {
  try {
    const key = decodeJwt(token).iss ?? '';
    const secret = secretOf(key);
    if (secret === undefined) throw new WebhookError('unknown_key', 'nobody here knows the key that signed it');
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      requiredClaims: ['exp'],
      currentDate: new Date(clock.wall()),
    });
    return String(payload.sha256 ?? '');
  } catch (cause) {
    if (cause instanceof errors.JOSEError) throw new WebhookError('bad_token', cause.message, { cause });
    throw cause;
  }
}
