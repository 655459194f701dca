/** Where the telemetry goes, as command line and environment say. */
import { type Outlets, openOutlets } from '@runnel/client';
import { egressFromEnv, fileSink } from '@runnel/egress';
import type { Sink } from '@runnel/protocol';
import type { ClientOptions } from './options.ts';

/** Rejects with TrickleError `invalid` for what cannot be used, before anything is opened. */
export async function outletsOf({ file, journal, config, session }: ClientOptions, log: Sink): Promise<Outlets> {
  const env = { ...process.env, ...(config && { RUNNEL_EGRESS_CONFIG: config }) };
  const egress = await egressFromEnv(env);
  const more = file === undefined ? undefined : fileSink({ path: file });
  return openOutlets({ env, egress, log, file: more, journal, sessions: session });
}
