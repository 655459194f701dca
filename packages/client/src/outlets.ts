/** Where the telemetry goes, as a command says: sinks, the journal before them, whose may leave, and what of it runners are to emit. */
import type { Sink } from '@runnel/protocol';
import { type Consent, consentFromEnv } from './consent.ts';
import { type ControlConfig, controlFromEnv } from './control-config.ts';
import type { Journal } from './journal/journal.ts';
import { openJournal } from './journal/open.ts';

/** What `createRelay` takes of them. */
export interface Outlets {
  readonly sinks: readonly Sink[];
  readonly journal: Journal;
  readonly control: ControlConfig;
  readonly consent?: Consent;
}

export interface OutletsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `egressFromEnv` of @runnel/egress made of `env`. */
  readonly egress: {
    readonly sinks: readonly Sink[];
    readonly journal: { readonly path?: string | 'off'; readonly maxRows?: number };
  };
  /** Is there in any case, so the variable that asks for one of its name adds none. */
  readonly log: Sink;
  /** A sink for this file, if the command line names one. */
  readonly file?: Sink | undefined;
  /** The journal's file, if the command line names one: then it is not that of `env`. Without either it is in memory. */
  readonly journal?: string | undefined;
  readonly sessions: readonly string[];
  /** Told what a person should know of the journal. Default: standard error. */
  readonly onWarning?: (sentence: string) => void;
}

/** Rejects with TrickleError `invalid` for what cannot be used; nothing is open then. The relay that gets them closes them. */
export async function openOutlets(options: OutletsOptions): Promise<Outlets> {
  const { env, egress, log, file, sessions, onWarning } = options;
  const control = await controlFromEnv(env, sessions);
  const consent = consentFromEnv(env);
  const asked = egress.sinks.filter(({ name }) => name !== log.name);
  const { path: buffer, maxRows } = egress.journal;
  const path = options.journal ?? (buffer === 'off' ? undefined : buffer);
  return {
    sinks: [log, ...(file ? [file] : []), ...asked],
    journal: openJournal({
      ...(path && { path }),
      ...(maxRows && { maxEnvelopes: maxRows }),
      ...(onWarning && { onWarning }),
    }),
    control,
    ...(consent && { consent }),
  };
}
