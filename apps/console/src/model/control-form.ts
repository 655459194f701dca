/** What a person fills in to ask a runner for a control state, and the state it makes. PROTOCOL.md section 8.6. */
import type { SessionControl } from './wire.ts';

export type ControlState = NonNullable<SessionControl['asked']>['state'];

/** As typed. Empty: as the runner is configured. */
export interface Fields {
  readonly enabled: '' | 'on' | 'off';
  /** Percent. */
  readonly rate: string;
  /** Patterns, with commas or spaces between them. */
  readonly patterns: string;
  readonly allowed: string;
  readonly blocked: string;
  readonly heartbeat: string;
  readonly logLevel: string;
  /** Milliseconds. */
  readonly expires: string;
}

export const NOTHING_ASKED: Fields = {
  enabled: '',
  rate: '',
  patterns: '',
  allowed: '',
  blocked: '',
  heartbeat: '',
  logLevel: '',
  expires: '',
};

/** The fields that would ask for a state again. */
export function fieldsOf({ enabled, sampling, filter, heartbeat_ms, log_level, expires_ms }: ControlState): Fields {
  return {
    enabled: enabled === undefined ? '' : enabled ? 'on' : 'off',
    rate: sampling === undefined ? '' : String(Math.round(sampling.rate * 1e6) / 1e4),
    patterns: (sampling?.patterns ?? []).join(', '),
    allowed: (filter?.allowed ?? []).join(', '),
    blocked: (filter?.blocked ?? []).join(', '),
    heartbeat: heartbeat_ms === undefined ? '' : String(heartbeat_ms),
    logLevel: log_level ?? '',
    expires: expires_ms === undefined ? '' : String(expires_ms),
  };
}

/** The relay says what it does not take, so nothing is checked here. */
export function stateOf({
  enabled,
  rate,
  patterns,
  allowed,
  blocked,
  heartbeat,
  logLevel,
  expires,
}: Fields): ControlState {
  const filter = {
    ...(listed(allowed) && { allowed: listed(allowed) }),
    ...(listed(blocked) && { blocked: listed(blocked) }),
  };
  return {
    ...(enabled !== '' && { enabled: enabled === 'on' }),
    ...(rate.trim() !== '' && {
      sampling: { rate: Number(rate) / 100, ...(listed(patterns) && { patterns: listed(patterns) }) },
    }),
    ...(Object.keys(filter).length > 0 && { filter }),
    ...(heartbeat.trim() !== '' && { heartbeat_ms: Number(heartbeat) }),
    ...(logLevel !== '' && { log_level: logLevel as NonNullable<ControlState['log_level']> }),
    ...(expires !== '' && { expires_ms: Number(expires) }),
  } as ControlState;
}

/** One line a member of a state, for comparing what was asked with what is in force. */
export function membersOf(state: Partial<ControlState>): Map<string, string> {
  const { enabled, sampling, filter, heartbeat_ms, log_level } = state;
  const list = (patterns: readonly string[] | undefined) => (patterns?.length ? patterns.join(', ') : 'none');
  const lines = new Map<string, string>();
  if (enabled !== undefined) lines.set('telemetry', enabled ? 'on' : 'off');
  if (sampling)
    lines.set(
      'sampling',
      `${Math.round(sampling.rate * 1e6) / 1e4} %${sampling.patterns?.length ? ` of ${list(sampling.patterns)}` : ''}`,
    );
  if (filter?.allowed) lines.set('allowed', list(filter.allowed));
  if (filter?.blocked) lines.set('blocked', list(filter.blocked));
  if (heartbeat_ms !== undefined) lines.set('heartbeat', `${heartbeat_ms} ms`);
  if (log_level !== undefined) lines.set('log level', log_level);
  return lines;
}

function listed(text: string): string[] | undefined {
  const patterns = text.split(/[\s,]+/).filter((pattern) => pattern !== '');
  return patterns.length > 0 ? patterns : undefined;
}
