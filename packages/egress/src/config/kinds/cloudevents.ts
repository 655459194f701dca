import { z } from 'zod';
import { cloudEventsSink } from '../../cloudevents.ts';
import { given, headers, httpUrl, key, sinkKind } from '../kind.ts';

/** `RUNNEL_CLOUDEVENTS_URL`. */
export const cloudevents = sinkKind({
  schema: z.strictObject({
    url: httpUrl,
    source: z.string().min(1).optional(),
    headers: headers.optional(),
    key: key.optional(),
  }),
  remote: true,
  fromEnv(env) {
    const url = env.text('RUNNEL_CLOUDEVENTS_URL');
    return url === undefined ? [] : [{ url }];
  },
  open: (config, name) => cloudEventsSink(given({ ...config, name })),
});
