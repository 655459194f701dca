/** Control states as people write them: checked strictly, and by session where they are configured. PROTOCOL.md section 8.6. */
import { readFile } from 'node:fs/promises';
import { type ControlState, controlState, matchesPattern, TrickleError } from '@runnel/protocol';

/** A control state by session: by its id, or by a pattern (`*` any run of characters, `?` one) where no id fits; of several the first. */
export type ControlConfig = Readonly<Record<string, ConfiguredControl>>;

/** It is for as long as the relay lives, so it does not expire. */
export type ConfiguredControl = Omit<ControlState, 'expires_ms'>;

/** Members that runners ignore are mistakes of whoever wrote them here. */
const { sampling, filter } = controlState.shape;
const asked = controlState
  .extend({ sampling: sampling.unwrap().strict().optional(), filter: filter.unwrap().strict().optional() })
  .strict();
const configured = asked.omit({ expires_ms: true });

/** A state to be asked for. Throws TrickleError `invalid` with what is wrong with it. */
export function checkState(state: unknown): ControlState {
  return checked(asked, state, 'control');
}

/** The states of a configuration. Throws TrickleError `invalid` with what is wrong with which. */
export function checkConfig(config: unknown): ControlConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new TrickleError('invalid', 'control: must be an object of states by session');
  return Object.fromEntries(
    Object.entries(config).map(([session, state]) => [session, checked(configured, state, `control of ${session}`)]),
  );
}

/** What is configured for a session; undefined if nothing is. */
export function configuredFor(config: ControlConfig, session: string): ConfiguredControl | undefined {
  if (Object.hasOwn(config, session)) return config[session];
  return Object.entries(config).find(([pattern]) => matchesPattern(pattern, session))?.[1];
}

/**
 * The member `control` of the file that `RUNNEL_EGRESS_CONFIG` names (`{"sinks": […], "control": {"gpu-*": {"sampling": {"rate": 0.1}}}}`); empty where there is no file or no such
 * member. Rejects with TrickleError `invalid` for what cannot be used, and where it names a session, not by a pattern, that is none of `sessions`. EGRESS 4.10.
 */
export async function controlFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  sessions: readonly string[],
): Promise<ControlConfig> {
  const path = env.RUNNEL_EGRESS_CONFIG?.trim();
  if (!path) return {};
  const { control = {} } = (await readJson(path)) as { control?: unknown };
  const config = checkConfig(control);
  const stranger = Object.keys(config).find((id) => !/[*?]/.test(id) && !sessions.includes(id));
  if (stranger !== undefined)
    throw new TrickleError('invalid', `${path}: control of ${stranger}: no such session is relayed`);
  return config;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return Object(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    // A SyntaxError quotes the file, which may hold secrets.
    const why = cause instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read';
    throw new TrickleError('invalid', `RUNNEL_EGRESS_CONFIG: ${path} ${why}`);
  }
}

type Schema<T> = {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
};

function checked<T>(schema: Schema<T>, state: unknown, what: string): T {
  const result = schema.safeParse(state);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new TrickleError('invalid', `${[what, ...(issue?.path ?? []).map(String)].join('.')}: ${issue?.message}`);
}
