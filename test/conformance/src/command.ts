/** `runnel conformance URL`: the suite for people at a terminal, and for scripts. */
import { parseArgs } from 'node:util';
import { FEATURES, type Features, parseFeatures } from './features.ts';
import { probeFeatures } from './probe.ts';
import { countsOf, formatReport } from './report.ts';
import { runConformance } from './run.ts';

export const USAGE = `Holds a trickle server against PROTOCOL.md and prints, case by case, what was expected and what came.

usage: runnel conformance URL [--json] [--features a,b=N,…] [--only SECTION]…

  --json           the report as JSON
  --features LIST  what the server offers; without it the server is asked. Known:
                   ${Object.keys(FEATURES).join(' ')}
  --only SECTION   a section of PROTOCOL.md (3, 3.2) or a case ("TRICKLE 31"); may be given more than once

exit code: 0 nothing failed, 1 a case failed, 2 the command was not understood or the server did not answer
`;

export interface CommandOptions {
  /** Where the report goes. */
  readonly out: (text: string) => void;
  /** Where progress and complaints go. */
  readonly err: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs the command with the arguments after its name. Resolves with the exit code (0 nothing failed, 1 a case failed, 2 the arguments were not
 * understood or the server does not answer). Rejects only with the signal's reason.
 */
export async function runCommand(args: readonly string[], { out, err, signal }: CommandOptions): Promise<number> {
  try {
    const { url, json, features, only, help } = read(args);
    if (help) {
      out(USAGE);
      return 0;
    }
    const known = features ?? (await probeFeatures(url));
    if (!json)
      err(`${url}: ${[...known].map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(', ')}\n`);
    const report = await runConformance({ url, features: known, only, signal });
    out(json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
    return countsOf(report.results).fail > 0 ? 1 : 0;
  } catch (error) {
    signal?.throwIfAborted();
    err(`runnel conformance: ${error instanceof Error ? error.message || error.name : error}\n`);
    return 2;
  }
}

interface Wishes {
  readonly url: string;
  readonly json: boolean;
  readonly help: boolean;
  readonly features: Features | undefined;
  readonly only: string[] | undefined;
}

function read(args: readonly string[]): Wishes {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      features: { type: 'string' },
      only: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [url = '', ...rest] = positionals;
  if (!values.help && (!URL.canParse(url) || rest.length > 0)) throw new RangeError('one URL is needed; see --help');
  const features = values.features === undefined ? undefined : parseFeatures(values.features);
  return { url, json: values.json, help: values.help, features, only: values.only };
}
