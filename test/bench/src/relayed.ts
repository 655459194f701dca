/** Contenders that are the whole relay, each with its options: one chain for all rounds, or one for each. */
import { type WholeRelay, type WholeRelayOptions, wholeRelay } from './whole-relay.ts';
import type { Contender, Pace, Values } from './workload.ts';

type Round = (relay: WholeRelay, pace: Pace) => Promise<Values>;

/** One chain, which is warm after its first round. */
export async function relayed(options: WholeRelayOptions, round: Round): Promise<Contender> {
  const relay = await wholeRelay(options);
  return {
    async round(pace) {
      await relay.begin();
      return round(relay, pace);
    },
    close: () => relay.close(),
  };
}

/** A chain for each round: what one leaves behind, in memory or in connections, is not there while others are measured. */
export function relayedAnew(options: WholeRelayOptions, round: Round): Contender {
  let current: WholeRelay | undefined;
  return {
    async round(pace) {
      current = await wholeRelay(options);
      try {
        return await round(current, pace);
      } finally {
        await current.close();
      }
    },
    // A round that is given up would go on beside the others.
    close: () => current?.close(),
  };
}
