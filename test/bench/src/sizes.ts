/** Contenders that are one thing at different sizes, of several servers: `1,000 channels`, and `1,000 channels, go-livepeer`. */
import type { Peer } from '../peers/peer.ts';
import type { Contender } from './workload.ts';

export interface SizesOptions {
  readonly sizes: readonly number[];
  /** Follows the number, in singular and plural. */
  readonly unit: readonly [one: string, many: string];
  /** By the name of their line in the chart; ours, without a name, is `runnel`. */
  readonly peers: Readonly<Record<string, Peer>>;
}

const OURS = 'runnel';

export function atEachSize(
  { sizes, unit: [one, many], peers }: SizesOptions,
  contender: (peer: Peer, size: number) => Contender | Promise<Contender>,
): Record<string, () => Contender | Promise<Contender>> {
  return Object.fromEntries(
    Object.entries(peers).flatMap(([line, peer]) =>
      sizes.map((size) => {
        const name = `${size.toLocaleString('en')} ${size === 1 ? one : many}`;
        return [line === OURS ? name : `${name}, ${line}`, () => contender(peer, size)];
      }),
    ),
  );
}

/** Of such a name: which line of the chart it belongs to, and where on it. */
export function placeOf(name: string): { readonly line: string; readonly size: number } {
  const [size = '', line = OURS] = name.split(', ');
  return { line, size: Number(size.replaceAll(',', '').match(/^\d+/)?.[0]) };
}
