import { createHash } from 'node:crypto';
import { z } from 'zod';
import { liveKitSignature, standardSignature, webhookSink } from '../../webhook.ts';
import { given, headers, httpUrl, sinkKind } from '../kind.ts';

/** `RUNNEL_WEBHOOK_URL`, several with commas between them; `RUNNEL_WEBHOOK_SECRET` signs, in LiveKit's way with `RUNNEL_WEBHOOK_KEY`, else as Standard Webhooks. */
export const webhook = sinkKind({
  schema: z.strictObject({
    url: httpUrl,
    sign: z
      .union([
        z.strictObject({ key: z.string().min(1), secret: z.string().min(1) }),
        z.strictObject({ secret: z.string().refine(isStandard, { error: 'is no base64 of 24 to 64 bytes' }) }),
      ])
      .optional(),
    filter: z
      .strictObject({ include: z.array(z.string()).optional(), exclude: z.array(z.string()).optional() })
      .transform((filter) => given(filter))
      .optional(),
    headers: headers.optional(),
    timeoutMs: z.int().positive().optional(),
    concurrency: z.int().positive().optional(),
  }),
  remote: true,
  fromEnv(env) {
    const secret = env.text('RUNNEL_WEBHOOK_SECRET');
    const key = env.text('RUNNEL_WEBHOOK_KEY');
    const sign = secret === undefined ? undefined : given({ key, secret });
    if (key !== undefined && secret === undefined) env.problem('RUNNEL_WEBHOOK_KEY', 'needs a RUNNEL_WEBHOOK_SECRET');
    return env.list('RUNNEL_WEBHOOK_URL').map((url) => ({ name: nameOf(url), ...given({ url, sign }) }));
  },
  open({ sign, ...config }, name) {
    const signature = sign && ('key' in sign ? liveKitSignature(sign) : standardSignature(sign.secret));
    return webhookSink(given({ ...config, name, signature }));
  },
});

/** The same for a URL whatever others stand beside it: a lane's cursor goes by the name. */
const nameOf = (url: string) => `webhook-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`;

function isStandard(secret: string): boolean {
  try {
    standardSignature(secret);
    return true;
  } catch {
    return false;
  }
}
