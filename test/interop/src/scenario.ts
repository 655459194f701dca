// What befalls a server, a subscriber and a publisher in one run.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Books } from './books.ts';
import { type Parties, RESUME_MS } from './implementations.ts';
import type { Plan } from './script.ts';
import { Stage } from './stage.ts';

export const SCENARIOS = ['steady', 'publisher restarts', 'subscriber restarts', 'server restarts'] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Plays one scenario and gives its books. Everything it starts is gone afterwards. */
export async function play(scenario: Scenario, plan: Plan, parties: Parties): Promise<Books> {
  await using stage = new Stage(plan, parties);
  await stage.open();
  await ACTS[scenario](stage, plan.sizes.length);
  await stage.finish();
  return stage.books;
}

const ACTS: Record<Scenario, (stage: Stage, count: number) => Promise<void>> = {
  steady: async (stage, count) => {
    stage.publish(0, count);
    await stage.arrived(count);
  },

  // Killed in the middle of a segment, then once more left between two.
  'publisher restarts': async (stage, count) => {
    const third = Math.floor(count / 3);
    stage.publish(0, third);
    await stage.arrived(third);
    await stage.killPublisherMidway(third);
    await sleep(2 * RESUME_MS); // A publisher that begins at 0 is refused while its predecessor may come back.
    await stage.startPublisher();
    stage.publish(third + 1, 2 * third);
    await stage.arrived(2 * third);
    await stage.leave();
    await sleep(2 * RESUME_MS);
    await stage.startPublisher();
    stage.publish(2 * third, count);
    await stage.arrived(count);
  },

  // Three segments, which every server keeps, are written while nobody reads.
  'subscriber restarts': async (stage, count) => {
    const third = Math.floor(count / 3);
    stage.publish(0, third);
    await stage.arrived(third);
    await stage.stopSubscriber();
    stage.publish(third, third + 3);
    await stage.settled(third + 3);
    await stage.startSubscriber();
    stage.publish(third + 3, count);
    await stage.arrived(count);
  },

  'server restarts': async (stage, count) => {
    const third = Math.floor(count / 3);
    stage.publish(0, third);
    await stage.arrived(third);
    stage.publish(third, 2 * third);
    await stage.arrived(third + Math.floor(third / 3));
    await stage.restartServer();
    await stage.arrived(2 * third);
    stage.publish(2 * third, count);
    await stage.arrived(count);
  },
};
