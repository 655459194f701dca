/** `npm run bench -- faults`: today's Node clients and ours under the same faults, in real time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import PQueue from 'p-queue';
import { compare, type Row } from './compare.ts';
import { FAULTS } from './fault.ts';
import { PEERS } from './peers.ts';
import { runnelRing } from './runnel.ts';

const RESULT = new URL('../results/faults.json', import.meta.url);
/** They mostly wait. */
const AT_ONCE = 8;

export interface Comparison {
  /** The day. */
  readonly at: string;
  readonly machine: { readonly node: string; readonly cpu: string | undefined; readonly cores: number };
  readonly peers: readonly { readonly name: string; readonly version: string; readonly settings: string }[];
  readonly rows: readonly Row[];
}

/** Plays all; prints a table and writes the JSON that docs/egress.md is made of. `only`: a part of the names of faults or peers. */
export async function faults(only = ''): Promise<void> {
  const pairs = FAULTS.flatMap((fault) => PEERS.map((peer) => ({ fault, peer }))).filter(
    ({ fault, peer }) =>
      // A larger ring makes a difference to a burst alone.
      (peer !== runnelRing || !Number.isFinite(fault.rate)) && (fault.name.includes(only) || peer.name.includes(only)),
  );
  const queue = new PQueue({ concurrency: AT_ONCE });
  const rows = await queue.addAll(
    pairs.map(({ fault, peer }) => async () => {
      const row = await compare(peer, fault);
      console.error(`  … ${fault.name}, ${peer.name}: ${row.delivered} of ${row.deliverable}`);
      return row;
    }),
  );
  console.table(rows.map(({ firstError, sent, ...row }) => row));
  if (only !== '') return;
  mkdirSync(new URL('.', RESULT), { recursive: true });
  writeFileSync(RESULT, `${JSON.stringify(comparison(rows), null, 2)}\n`);
  console.log(fileURLToPath(RESULT));
}

function comparison(rows: readonly Row[]): Comparison {
  return {
    at: new Date().toISOString().slice(0, 10),
    machine: { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism() },
    peers: PEERS.map(({ name, settings }) => ({ name, version: versionOf(name), settings })),
    rows,
  };
}

function versionOf(peer: string): string {
  const name = peer.startsWith('OpenTelemetry') ? '@opentelemetry/sdk-logs' : peer;
  if (name.startsWith('runnel')) return 'this tree';
  const require = createRequire(import.meta.url);
  const path = require.resolve.paths(name)?.map((folder) => `${folder}/${name}/package.json`) ?? [];
  for (const file of path) {
    try {
      return String(require(file).version);
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}
