import { z } from 'zod';
import { fileSink } from '../../file.ts';
import { given, sinkKind } from '../kind.ts';

/** `RUNNEL_FILE_PATH`. */
export const file = sinkKind({
  schema: z.strictObject({
    path: z.string().min(1),
    rotateBytes: z.int().positive().optional(),
    keep: z.int().positive().optional(),
  }),
  remote: false,
  fromEnv(env) {
    const path = env.text('RUNNEL_FILE_PATH');
    return path === undefined ? [] : [{ path }];
  },
  open: (config, name) => fileSink(given({ ...config, name })),
});
