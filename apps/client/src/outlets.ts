/** Where the telemetry goes, as command line and environment say: sinks, the journal before them, whose may leave, and what of it runners are to emit. */
import {
  type Consent,
  type ControlConfig,
  consentFromEnv,
  controlFromEnv,
  type Journal,
  openJournal,
} from '@runnel/client';
import { egressFromEnv, fileSink } from '@runnel/egress';
import type { Sink } from '@runnel/protocol';
import type { ClientOptions } from './options.ts';

export interface Outlets {
  readonly sinks: readonly Sink[];
  readonly journal: Journal;
  readonly consent?: Consent;
  readonly control: ControlConfig;
}

/** Rejects with TrickleError `invalid` for what cannot be used, before anything is opened. The log is there in any case, so the variable that asks for it adds none. */
export async function openOutlets({ file, journal, config, session }: ClientOptions, log: Sink): Promise<Outlets> {
  const env = { ...process.env, ...(config && { RUNNEL_EGRESS_CONFIG: config }) };
  const egress = await egressFromEnv(env);
  const control = await controlFromEnv(env, session);
  const consent = consentFromEnv(process.env);
  const asked = egress.sinks.filter(({ name }) => name !== log.name);
  const { path: buffer, maxRows } = egress.journal;
  const path = journal ?? (buffer === 'off' ? undefined : buffer);
  return {
    sinks: [log, ...(file === undefined ? [] : [fileSink({ path: file })]), ...asked],
    journal: openJournal({ ...(path && { path }), ...(maxRows && { maxEnvelopes: maxRows }) }),
    control,
    ...(consent && { consent }),
  };
}
