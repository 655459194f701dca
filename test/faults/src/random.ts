/** Chance that can be repeated: the same seed makes the same choices. */
import { seededRandom } from '@runnel/protocol/testing';

export interface Random {
  /** From 0 to below 1. */
  fraction(): number;
  /** Whole, from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

export function seeded(seed: number): Random {
  const fraction = seededRandom(seed);
  const whole = (least: number, most: number) => least + Math.floor(fraction() * (most - least + 1));
  return { fraction, whole, pick: (from) => from[whole(0, from.length - 1)] as (typeof from)[0] };
}
