/** How many things of each kind a page keeps. Bytes cannot tell a leak from noise, and what a string holds may not be among them at all; counts can. */
import type { CDPSession } from 'playwright-core';

/** A heap snapshot of DevTools, as far as it is read. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [string[]] };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Kinds whose nodes' names say what they are of; a string's is its text. */
const NAMED = new Set(['object', 'native', 'closure']);

/** What can still be reached after garbage collection, by kind: `string`, `object Map`, `native HTMLDivElement`, … */
export async function keptIn(page: CDPSession): Promise<Map<string, number>> {
  const { snapshot, nodes, strings } = await snapshotOf(page);
  const {
    node_fields: fields,
    node_types: [types],
  } = snapshot.meta;
  const [type, name] = [fields.indexOf('type'), fields.indexOf('name')];
  const kept = new Map<string, number>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[nodes[at + type] as number] as string;
    const key = NAMED.has(kind) ? `${kind} ${strings[nodes[at + name] as number]}` : kind;
    kept.set(key, (kept.get(key) ?? 0) + 1);
  }
  return kept;
}

async function snapshotOf(page: CDPSession): Promise<Snapshot> {
  const chunks: string[] = [];
  const take = ({ chunk }: { chunk: string }) => void chunks.push(chunk);
  page.on('HeapProfiler.addHeapSnapshotChunk', take);
  await page.send('HeapProfiler.takeHeapSnapshot');
  page.off('HeapProfiler.addHeapSnapshotChunk', take);
  return JSON.parse(chunks.join(''));
}

/** The kinds of which `after` has more than `before` by at least `by`, each with both counts. */
export const grownIn = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, by: number) =>
  [...after]
    .filter(([kind, now]) => now - (before.get(kind) ?? 0) >= by)
    .map(([kind, now]) => `${kind}: ${before.get(kind) ?? 0}, then ${now}`);
