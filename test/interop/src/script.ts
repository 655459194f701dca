// What a publisher is told to do, and what a subscriber must have seen afterwards. Every implementation makes the same bytes from
// an index and a size (go/script.go, python/wire.py), so a script is short and any byte can be checked.

import { seededRandom } from '@runnel/protocol/testing';

/** A segment, written in pieces with a pause between them. It is empty or at least four bytes long. */
export interface SegmentStep {
  readonly segment: { readonly index: number; readonly pieces: readonly number[]; readonly pauseMs?: number };
}
/** A JSON line of `size` bytes without its LF. */
export interface LineStep {
  readonly line: { readonly index: number; readonly size: number };
}
export interface PauseStep {
  readonly pauseMs: number;
}
/** `close` deletes the channel and exits, `leave` exits and leaves it as it is. */
export interface EndStep {
  readonly end: 'close' | 'leave';
}
export type Step = SegmentStep | LineStep | PauseStep | EndStep;

/** What segment number `index` holds: its index in four bytes, then a pattern that depends on index and offset. */
export function content(index: number, size: number): Uint8Array {
  const data = new Uint8Array(size);
  if (size === 0) return data;
  for (let offset = 4; offset < size; offset++) data[offset] = (index * 17 + offset) % 251;
  new DataView(data.buffer).setUint32(0, index);
  return data;
}

/** The text of line number `index`, as a publisher writes it that puts no spaces. */
export function lineText(index: number, size: number): string {
  const head = `{"n":${index},"pad":"`;
  return `${head}${'x'.repeat(Math.max(0, size - head.length - 2))}"}`;
}

/** What a script publishes: the size of each index, and the steps, one group for each index. */
export interface Plan {
  readonly kind: 'bytes' | 'jsonl';
  readonly sizes: readonly number[];
  readonly steps: readonly (readonly Step[])[];
}

/** `count` segments from empty to 2 MiB: most are small, a few are large, one has the full size. */
export function segmentsPlan(seed: number, count: number): Plan {
  const random = seededRandom(seed);
  const sizes = Array.from({ length: count }, () => segmentSize(random));
  if (count >= 500) sizes[Math.floor(count / 2)] = 2 * 1024 * 1024;
  sizes[Math.floor(count / 3)] = 4096; // The one a publisher is killed in.
  const steps = sizes.map((size, index): Step[] => {
    const segment = { index, pieces: split(random, size), pauseMs: between(random, 0, 3) };
    return pauseAfter(random, { segment }, 0.8);
  });
  return { kind: 'bytes', sizes, steps };
}

/** `count` lines, most below 1 KiB, a few up to 100 KiB. */
export function linesPlan(seed: number, count: number): Plan {
  const random = seededRandom(seed);
  const sizes = Array.from({ length: count }, () =>
    random() < 0.003 ? between(random, 10_000, 100_000) : between(random, 24, 700),
  );
  const steps = sizes.map((size, index) => pauseAfter(random, { line: { index, size } }, 0.15));
  return { kind: 'jsonl', sizes, steps };
}

function segmentSize(random: () => number): number {
  const dice = random();
  if (dice < 0.05) return 0;
  if (dice < 0.92) return between(random, 4, 2048);
  if (dice < 0.985) return between(random, 2048, 65_536);
  return between(random, 65_536, 512 * 1024);
}

function split(random: () => number, size: number): number[] {
  if (size === 0) return [];
  if (size < 8 || random() < 0.7) return [size];
  const first = between(random, 1, size - 1);
  return [first, size - first];
}

function pauseAfter(random: () => number, step: Step, share: number): Step[] {
  return random() < share ? [step, { pauseMs: between(random, 1, 10) }] : [step];
}

const between = (random: () => number, least: number, most: number) =>
  least + Math.floor(random() * (most - least + 1));
