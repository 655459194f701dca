/** The one place that says where envelopes go: the familiar variables and a configuration file, both, each adding its sinks. EGRESS 1.16. */
import { readFile } from 'node:fs/promises';
import { type Sink, TrickleError } from '@runnel/protocol';
import { z } from 'zod';
import { type Env, Environment } from './environment.ts';
import { given, type SinkKind } from './kind.ts';
import { laneSchema, withLane } from './lane.ts';
import { registry, type SinkType } from './registry.ts';

export interface Egress {
  /** Each of them is to get every envelope. None if nothing asks for any. */
  readonly sinks: readonly Sink[];
  /** The names of those by which envelopes leave this machine. */
  readonly remote: ReadonlySet<string>;
  /** What the metrics reporter's buffer variables ask of the journal. */
  readonly journal: JournalWishes;
}

export interface JournalWishes {
  /** `SCOPE_METRICS_MAX_BUFFER`: most envelopes that wait. */
  readonly maxRows?: number;
  /** `SCOPE_METRICS_BUFFER_PATH`: the file; `off` where the variable is empty; absent where it is not set. */
  readonly path?: string | 'off';
}

/**
 * Reads `env` and the file that `RUNNEL_EGRESS_CONFIG` names (JSON: `{"sinks": [{"type": "http", "name": "mine", "url": "…"}]}`). Nothing is opened, sent
 * or deleted: who gets the sinks closes them. Rejects with a TrickleError `invalid` that lists every complaint, without a value that may be secret; and
 * when a library that a sink needs is not installed.
 */
export async function egressFromEnv(env: Env): Promise<Egress> {
  const environment = new Environment(env);
  const asked = [...fromVariables(environment), ...(await fromFile(environment))];
  const journal = journalWishes(environment);
  const entries = asked.map(({ where, type, name, config: { ttlMs, standsInFor, ...config } }) => {
    const kind: SinkKind = registry[type];
    const result = kind.schema.safeParse(config);
    if (!result.success) environment.problems.push(...complaints(where, result.error));
    const lane = laneSchema.safeParse(given({ ttlMs, standsInFor }));
    if (!lane.success) environment.problems.push(...complaints(where, lane.error));
    return { type, kind, name, config: result.data, lane: lane.data ?? {} };
  });
  const names = entries.map(({ type, name }) => name ?? type);
  for (const name of new Set(names.filter((name, nth) => names.indexOf(name) !== nth))) {
    environment.problem(`sinks: the name ${name}`, 'stands twice: give each sink a name of its own');
  }
  for (const [nth, { lane }] of entries.entries()) {
    const other = lane.standsInFor?.sink;
    if (other !== undefined && (other === names[nth] || !names.includes(other)))
      environment.problem(`the sink ${names[nth]}`, `stands in for ${other}, which is no other sink`);
    else if (other !== undefined && entries[names.indexOf(other)]?.lane.standsInFor)
      environment.problem(`the sink ${names[nth]}`, `stands in for ${other}, which stands in itself`);
  }
  if (environment.problems.length > 0) {
    throw new TrickleError('invalid', `the sinks cannot be set up:\n- ${environment.problems.join('\n- ')}`);
  }
  const sinks: Sink[] = [];
  for (const { kind, config, name, lane } of entries) sinks.push(withLane(await kind.open(config ?? {}, name), lane));
  const remote = new Set(names.filter((_, nth) => entries[nth]?.kind.remote));
  return { sinks, remote, journal };
}

interface Asked {
  /** For messages. */
  readonly where: string;
  readonly type: SinkType;
  readonly name: string | undefined;
  readonly config: { readonly ttlMs?: unknown; readonly standsInFor?: unknown };
}

const types = Object.keys(registry) as SinkType[];

function fromVariables(environment: Environment): Asked[] {
  return types.flatMap((type) =>
    registry[type]
      .fromEnv(environment)
      .map(({ name, ...config }) => ({ where: `the ${type} sink`, type, name, config })),
  );
}

const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'is no short lower-case name');
const sinksSchema = z.array(z.looseObject({ type: z.enum(types), name: name.optional() }));
/** `control` is for the client, which reads it itself: `controlFromEnv` of @runnel/client. */
const fileSchema = z.strictObject({ sinks: sinksSchema.default([]), control: z.unknown().optional() });

async function fromFile(environment: Environment): Promise<Asked[]> {
  const path = environment.text('RUNNEL_EGRESS_CONFIG');
  if (path === undefined) return [];
  const content = await readJson(path).catch((error: Error) => {
    // A SyntaxError quotes the file, which may hold secrets.
    const why = error instanceof SyntaxError ? 'is not valid JSON' : `cannot be read: ${error.message}`;
    environment.problem(`RUNNEL_EGRESS_CONFIG: ${path}`, why);
  });
  if (content === undefined) return [];
  const result = fileSchema.safeParse(content);
  if (!result.success) {
    environment.problems.push(...complaints(path, result.error));
    return [];
  }
  return result.data.sinks.map(({ type, name, ...config }, nth) => ({
    where: `${path}: sinks[${nth}]`,
    type,
    name,
    config,
  }));
}

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

function journalWishes(environment: Environment): JournalWishes {
  const maxRows = environment.integer('SCOPE_METRICS_MAX_BUFFER', 1, 1_000_000_000);
  const variable = 'SCOPE_METRICS_BUFFER_PATH';
  const path = environment.isSet(variable) ? (environment.text(variable) ?? 'off') : undefined;
  return { ...(maxRows !== undefined && { maxRows }), ...(path !== undefined && { path }) };
}

/** Zod's messages name what is wrong, never the value. */
function complaints(where: string, error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${[where, ...path.map(String)].join('.')}: ${message}`);
}
