/** `runnel control`: what a session's runner emits, seen and changed while it runs. */
import type { ControlStatus } from '@runnel/client';
import { Command, Option } from 'commander';
import { baseUrl, header, RELAY_URL } from './arguments.ts';
import { type ControlFlags, heartbeat, level, patterns, sample, stateOf } from './control-flags.ts';
import { controlTable } from './control-table.ts';
import { CommandError, Exit } from './exit.ts';
import { printable } from './table.ts';
import { interrupted, put, type Terminal } from './terminal.ts';
import { duration } from './time.ts';

interface Flags extends ControlFlags {
  readonly relay: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

/** As long as a relay takes to say that there is no answer, and some time to reach its server. */
const WAIT_MS = 10_000;

export function controlCommand(terminal: Terminal): Command {
  return new Command('control')
    .summary("see and change what a session's runner emits")
    .description(
      'Asks the relay that has the session to steer its runner, and prints what was asked for and what the runner says is in force. What is asked for is the whole state: what is not said is as configured. Without any of it the state is shown.\n\n  runnel control demo --sample 0.1 "stream.*" --for 10m\n\nA PATTERN is matched against the whole type of an event: * is any run of characters, ? is one.',
    )
    .argument('<session>', 'the session, e.g. demo')
    .option(
      '--sample <rate pattern...>',
      'emit this share of the events, 0 to 1; if patterns follow, of those that match one',
      sample,
    )
    .option('--allow <pattern...>', 'emit only events that match one of these', patterns)
    .option('--block <pattern...>', 'emit no events that match one of these', patterns)
    .addOption(new Option('--on', 'emit events').conflicts('off'))
    .addOption(new Option('--off', 'emit none').conflicts('on'))
    .option('--heartbeat <ms>', 'time between two heartbeats of a stream, and two reports of losses', heartbeat)
    .option('--log-level <level>', 'send log lines from this level on: debug, info, warn, error or off', level)
    .option('--for <time>', 'then go back to the configuration, e.g. 90s, 10m, 2h', duration)
    .option('--reset', 'go back to the configuration now')
    .addOption(
      new Option('--relay <url>', 'the endpoint that the relay prints')
        .env('RUNNEL_RELAY')
        .default(RELAY_URL)
        .argParser(baseUrl),
    )
    .option(
      '-H, --header <header>',
      'send "Name: value" to the relay (repeatable), e.g. "Authorization: Bearer TOKEN"',
      header,
    )
    .option('--json', 'write one JSON object')
    .action((session: string, flags: Flags) => run(session, flags, terminal));
}

async function run(session: string, flags: Flags, terminal: Terminal): Promise<void> {
  const state = stateOf(flags);
  const status = await exchange(session, state, flags, terminal.signal);
  await put(terminal.stdout, flags.json ? `${JSON.stringify(status)}\n` : controlTable(session, status));
  if (state) complain(session, status);
}

async function exchange(session: string, state: object | undefined, flags: Flags, signal: AbortSignal) {
  const { relay, header: headers = {} } = flags;
  const url = new URL(`sessions/${encodeURIComponent(session)}/control`, relay);
  if (state) url.searchParams.set('wait', `${WAIT_MS}`);
  const put = state && { method: 'PUT', body: JSON.stringify(state) };
  const answer = fetch(url, { ...put, headers, signal });
  const { ok, status, text } = await answer
    .then(async (response) => ({ ok: response.ok, status: response.status, text: await response.text() }))
    .catch((error) => {
      if (signal.aborted) throw interrupted();
      throw new CommandError(unreachable(relay, error), Exit.gaveUp);
    });
  if (!ok) throw new CommandError(refusal(relay, status, text), exits.get(status));
  return parse(relay, text);
}

/** The runner's answer, where it is not what was asked for, as the command's end. */
function complain(session: string, { answer, refused, runner }: ControlStatus): void {
  if (answer === 'refused')
    throw new CommandError(
      `The runner of ${session} refused it (${printable(refused?.reason ?? '')}): ${printable(refused?.message ?? '')}`,
    );
  if (answer === 'waiting')
    throw new CommandError(
      'It could not be sent yet: the relay does not reach its server, and goes on trying.',
      Exit.gaveUp,
    );
  if (answer === 'unanswered')
    throw new CommandError(
      runner
        ? `The runner of ${session} does not answer: it is away, or too old to be steered. It is asked again when it starts.`
        : `There is no answer: no runner of ${session} has been heard. It is asked again when one starts.`,
      Exit.gaveUp,
    );
}

/** What a relay says no with, in a sentence of its own. */
const exits = new Map<number, number>([
  [404, Exit.notFound],
  [400, Exit.usage],
  [409, Exit.failed],
]);

function refusal(relay: string, status: number, text: string): string {
  const said = printable(text.trim().slice(0, 500));
  return exits.has(status) ? `${relay}: ${said}` : `${relay} answered ${status}: ${said}`;
}

function unreachable(relay: string, { cause, message }: Error): string {
  const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
  return `No relay answers at ${relay} (${why}). \`runnel relay\` and the client of \`npm run dev\` print where theirs is; say --relay URL.`;
}

function parse(relay: string, text: string): ControlStatus {
  try {
    const status = JSON.parse(text);
    if (typeof status?.answer === 'string') return status;
  } catch {
    // No relay of ours; said below.
  }
  throw new CommandError(`What answers at ${relay} is no relay.`);
}
