/** The state that the flags of `runnel control` ask for. Each reader throws InvalidArgumentError with a sentence. PROTOCOL.md section 8.6. */
import { type ControlState, controlState, LOG_LEVELS } from '@runnel/protocol';
import { InvalidArgumentError } from 'commander';
import { CommandError, Exit } from './exit.ts';
import { LONGEST_MS } from './time.ts';

export interface ControlFlags {
  readonly sample?: Sample;
  readonly allow?: readonly string[];
  readonly block?: readonly string[];
  readonly on?: boolean;
  readonly off?: boolean;
  readonly heartbeat?: number;
  readonly logLevel?: ControlState['log_level'];
  readonly for?: number;
  readonly reset?: boolean;
}

export interface Sample {
  readonly rate: number;
  readonly patterns: readonly string[];
}

/** The whole state; undefined if the flags ask for nothing. Throws CommandError for flags that contradict each other. */
export function stateOf(flags: ControlFlags): ControlState | undefined {
  const { sample, allow, block, on, off, heartbeat, logLevel, for: forMs, reset } = flags;
  const state: ControlState = {
    ...((on || off) && { enabled: on === true }),
    ...(sample && { sampling: { rate: sample.rate, patterns: [...sample.patterns] } }),
    ...((allow || block) && { filter: { allowed: [...(allow ?? [])], blocked: [...(block ?? [])] } }),
    ...(heartbeat !== undefined && { heartbeat_ms: heartbeat }),
    ...(logLevel !== undefined && { log_level: logLevel }),
  };
  const isEmpty = Object.keys(state).length === 0;
  if (reset && (!isEmpty || forMs !== undefined))
    throw new CommandError('--reset goes back to the configuration: say nothing else with it.', Exit.usage);
  if (isEmpty && forMs !== undefined) throw new CommandError('Say what is to hold --for that time.', Exit.usage);
  if (isEmpty && !reset) return undefined;
  const asked = { ...state, ...(forMs !== undefined && { expires_ms: forMs }) };
  const { error } = controlState.safeParse(asked);
  const [issue] = error?.issues ?? [];
  if (issue) throw new CommandError(`${issue.path.map(String).join('.')}: ${issue.message}`, Exit.usage);
  return asked;
}

/** `RATE [PATTERN…]`: the first value is the rate. */
export function sample(text: string, before?: Sample): Sample {
  const rate = text.trim() === '' ? Number.NaN : Number(text);
  if (before && !Number.isNaN(rate))
    throw new InvalidArgumentError('It is no pattern, and there is one rate for all that match.');
  if (before) return { ...before, patterns: patterns(text, before.patterns) };
  if (!(rate >= 0 && rate <= 1))
    throw new InvalidArgumentError('It must begin with a rate from 0 to 1, e.g. 0.1 for a tenth.');
  return { rate, patterns: [] };
}

/** Patterns, collected. */
export function patterns(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '' || text.length > 128) throw new InvalidArgumentError('A pattern has 1 to 128 characters.');
  return [...before, text];
}

/** Milliseconds between heartbeats. */
export function heartbeat(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 100 || value > LONGEST_MS)
    throw new InvalidArgumentError(`It must be a whole number from 100 to ${LONGEST_MS}.`);
  return value;
}

export function level(text: string): ControlState['log_level'] {
  const found = LOG_LEVELS.find((each) => each === text);
  if (!found) throw new InvalidArgumentError(`It must be one of ${LOG_LEVELS.join(', ')}.`);
  return found;
}
