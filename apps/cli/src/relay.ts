/** `runnel relay`: the telemetry of sessions, out of a trickle server and into the log or a file. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createRelay, openOutlets, type Relay, type RelayServing, type Session, serveRelay } from '@runnel/client';
import { egressFromEnv, fileSink, logSink } from '@runnel/egress';
import type { Sink } from '@runnel/protocol';
import { Command } from 'commander';
import { baseUrl, port, RELAY_PORT, RELAY_URL } from './arguments.ts';
import { type ConnectionFlags, connectionOf, withConnection } from './connection.ts';
import { CommandError, isSystemError } from './exit.ts';
import { put, type Terminal } from './terminal.ts';

/** A server that is not reached by then is worth a line. */
const PATIENCE_MS = 1000;

interface RelayFlags extends ConnectionFlags {
  readonly session: readonly string[];
  readonly file?: string;
  readonly journal?: string;
  readonly config?: string;
  readonly host: string;
  readonly port: number;
  readonly console?: boolean;
}

export function relayCommand(terminal: Terminal): Command {
  return withConnection(new Command('relay'))
    .summary('relay the telemetry of sessions')
    .description(
      'Reads the events of each session and writes one TELEMETRY line an event to standard output, until Ctrl-C or SIGTERM. Sessions may begin later; what was lost or dropped is at /status of the endpoint it prints.',
    )
    .argument('<url>', 'the server, e.g. http://127.0.0.1:7800/', baseUrl)
    .requiredOption('--session <id...>', 'a session to relay (repeatable)')
    .option('--file <path>', 'also append each event to this file, one JSON object a line')
    .option('--journal <path>', 'keep events in this file until every sink has them; without it, in memory')
    .option(
      '--config <path>',
      'a JSON file that names more sinks, as do the variables of @runnel/egress, and control states by session',
    )
    .option('--host <host>', 'where its endpoint listens; any but this machine asks for a token', '127.0.0.1')
    .option(
      '--port <port>',
      'port of its endpoint with /status, /metrics and /logs/tail; 0 is any free one',
      port,
      RELAY_PORT,
    )
    .option('--console', 'serve the page where people can look there, too')
    .addHelpText('after', '\nThe token is RUNNEL_TOKEN, or a random one that is printed.')
    .action((url: string, flags: RelayFlags) => run(url, flags, terminal));
}

async function run(url: string, flags: RelayFlags, { stdout, stderr, signal }: Terminal): Promise<void> {
  const hangUp = Promise.withResolvers<void>();
  // Whoever read the log (`| head`) has gone: nothing is wrong with the line, so it is not for the lane to retry.
  const log = logSink({ data: true, write: (line) => put(stdout, `${line}\n`).catch(() => hangUp.resolve()) });
  const warn = (sentence: string) => void stderr.write(`${sentence}\n`);
  const outlets = await outletsOf(flags, log, warn);
  const onState = ({ id, state }: Session) =>
    void stderr.write(`session ${id}: ${state === 'connecting' ? `waiting for the server at ${url}` : state}\n`);
  const relay = createRelay({ url, ...outlets, onWarning: warn, onState, ...connectionOf(flags) });
  let endpoint: RelayServing | undefined;
  let began = false;
  try {
    // Before anything is read: where the port is taken, another relay may be reading it.
    endpoint = await listen(relay, flags, warn);
    for (const session of flags.session) relay.open(session);
    began = true;
    stderr.write(`runnel relays ${flags.session.join(', ')} from ${url}, status at ${endpoint.url}status\n`);
    // By default `runnel control` finds it by itself.
    if (endpoint.url !== RELAY_URL) stderr.write(`steer it with runnel control SESSION --relay ${endpoint.url}\n`);
    if (flags.console) stderr.write(`console on ${endpoint.url}\n`);
    if (endpoint.needsToken) stderr.write(`it asks for this token: ${endpoint.token}\n`);
    const patience = setTimeout(() => {
      for (const session of relay.sessions.values()) if (session.state === 'connecting') onState(session);
    }, PATIENCE_MS);
    if (!signal.aborted) await Promise.race([once(signal, 'abort'), hangUp.promise]);
    clearTimeout(patience);
  } finally {
    await endpoint?.close();
    const { delivered, kept, dropped } = await relay.close();
    if (began) stderr.write(`relayed ${delivered} events, ${kept} kept, ${dropped} dropped\n`);
  }
}

async function listen(relay: Relay, flags: RelayFlags, warn: (sentence: string) => void): Promise<RelayServing> {
  try {
    return await serveRelay(relay, endpointOptions(flags, warn));
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EADDRINUSE') throw error;
    const { host, port } = flags;
    throw new CommandError(`Port ${port} on ${host} is in use: choose another with --port (0 takes any free one).`);
  }
}

function endpointOptions({ host, port, console }: RelayFlags, onWarning: (sentence: string) => void) {
  const token = process.env.RUNNEL_TOKEN;
  // The package's page stands in the folder of what else it needs.
  const folder = console && fileURLToPath(new URL('.', import.meta.resolve('@runnel/console')));
  return { host, port, onWarning, ...(token && { token }), ...(folder && { console: folder }) };
}

/** What flags and environment ask for. The log is there in any case. */
async function outletsOf(
  { file, journal, config, session }: RelayFlags,
  log: Sink,
  onWarning: (sentence: string) => void,
) {
  const env = { ...process.env, ...(config && { RUNNEL_EGRESS_CONFIG: config }) };
  const egress = await egressFromEnv(env);
  const more = file === undefined ? undefined : fileSink({ path: file });
  return openOutlets({ env, egress, log, file: more, journal, sessions: session, onWarning });
}
