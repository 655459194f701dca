/** `runnel conformance`: any trickle server, held against PROTOCOL.md. */
import {
  countsOf,
  FEATURES,
  type Features,
  formatReport,
  parseFeatures,
  probeFeatures,
  runConformance,
} from '@runnel/conformance';
import { Command, InvalidArgumentError } from 'commander';
import { baseUrl } from './arguments.ts';
import { CommandError, Exit } from './exit.ts';
import { interrupted, put, type Terminal } from './terminal.ts';

interface ConformanceFlags {
  readonly json?: boolean;
  readonly features?: Features;
  readonly only?: readonly string[];
}

export function conformanceCommand(terminal: Terminal): Command {
  return new Command('conformance')
    .summary('hold a server against the protocol')
    .description('Holds a trickle server against PROTOCOL.md, and prints case by case what was expected and what came.')
    .argument('<url>', 'the server, e.g. http://127.0.0.1:7800/', baseUrl)
    .option('--json', 'print the report as JSON')
    .option(
      '--features <list>',
      'what the server offers, e.g. epochs,keep=2000; without it the server is asked',
      features,
    )
    .option('--only <section...>', 'a section of PROTOCOL.md such as 3.2, or a case such as "TRICKLE 31"')
    .addHelpText('after', `\nFeatures:\n  ${Object.keys(FEATURES).join(', ')}`)
    .action((url: string, flags: ConformanceFlags) => run(url, flags, terminal));
}

async function run(url: string, { json, features, only }: ConformanceFlags, terminal: Terminal): Promise<void> {
  const { stdout, stderr, signal } = terminal;
  const known = features ?? (await ask(url));
  if (!json) stderr.write(`${url} offers ${[...known].map(shown).join(', ')}\n`);
  const report = await runConformance({ url, features: known, only: only && [...only], signal }).catch(
    (error: unknown) => {
      if (signal.aborted) throw interrupted();
      throw error instanceof RangeError ? new CommandError(error.message, Exit.usage) : error;
    },
  );
  await put(stdout, json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  const { fail } = countsOf(report.results);
  if (fail > 0) throw new CommandError(`${fail} of ${report.results.length} cases failed.`);
}

/** Whatever keeps a server from being asked, it is no case that failed. */
async function ask(url: string): Promise<Features> {
  try {
    return await probeFeatures(url);
  } catch (error) {
    throw new CommandError(`${url} does not answer: ${error instanceof Error ? error.message : error}`, Exit.gaveUp);
  }
}

function features(list: string): Features {
  try {
    return parseFeatures(list);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

const shown = ([name, value]: [string, number | true]) => (value === true ? name : `${name}=${value}`);
