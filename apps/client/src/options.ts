/** The command line. Each option can be set by the environment as well; the command line wins. */
import { Command, InvalidArgumentError, Option } from 'commander';

export interface ClientOptions {
  readonly url: string;
  readonly session: readonly string[];
  readonly file?: string;
  /** Where events wait for their sinks. */
  readonly journal?: string;
  /** The sinks' configuration file. */
  readonly config?: string;
  readonly host: string;
  readonly port: number;
}

/** Reads arguments and environment. For help, and for what can not be used, it writes to the terminal and exits: 0 and 2. */
export function readOptions(argv: readonly string[]): ClientOptions {
  return new Command('client')
    .description(
      'Relays the telemetry of sessions: prints one line an event, and appends the events to a file if asked to.',
    )
    .addOption(
      new Option('--url <url>', "the server's base URL")
        .env('RUNNEL_URL')
        .default('http://127.0.0.1:7800/')
        .argParser(httpUrl),
    )
    .addOption(
      new Option('--session <id...>', 'a session to relay (repeatable)').env('RUNNEL_SESSION').default(['demo']),
    )
    .option('--file <path>', 'append each event to this file, one JSON object a line')
    .addOption(
      new Option('--journal <path>', 'keep events in this file until every sink has them; without it, in memory').env(
        'RUNNEL_JOURNAL',
      ),
    )
    .addOption(
      new Option(
        '--config <path>',
        'a JSON file that names more sinks, and says what of its telemetry a session emits',
      ).env('RUNNEL_EGRESS_CONFIG'),
    )
    .addOption(
      new Option(
        '--host <host>',
        'where the console, /status, /metrics and /logs/tail are; any but this machine asks for a token, RUNNEL_TOKEN or a random one',
      ).default('127.0.0.1'),
    )
    .addOption(new Option('--port <port>', 'their port; 0 is any free one').env('PORT').default(7801).argParser(port))
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse(argv, { from: 'user' })
    .opts();
}

function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('It must be an http or https URL such as http://127.0.0.1:7800/.');
  }
  return text;
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return value;
}
