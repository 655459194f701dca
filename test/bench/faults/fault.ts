/** The faults that clients are compared under: the scenarios of test/faults in real time, and a burst. */
import { SCENARIOS, type Scenario } from '@runnel/faults/scenarios';

export interface Fault extends Pick<Scenario, 'name' | 'reply'> {
  /** Events that the script lets nobody deliver. */
  readonly poison: number;
  readonly events: number;
  /** A second; Infinity: all in one turn of the event loop. */
  readonly rate: number;
  /** From the first event until the client is told to end: half a minute after the fault is over. */
  readonly endMs: number;
}

const OVER_S: Readonly<Record<string, number>> = { 'hang for 40 s': 40 };
const USUAL_OVER_S = 20;
const GRACE_S = 30;
const EVENTS = 1000;
const RATE = 50;

const scripted = SCENARIOS.filter(({ later }) => later === undefined).map(({ name, reply, poison = 0 }): Fault => {
  const endMs = ((OVER_S[name] ?? USUAL_OVER_S) + GRACE_S) * 1000;
  return { name, reply, poison, events: EVENTS, rate: RATE, endMs };
});

const burst: Fault = {
  name: 'burst of 10,000',
  reply: () => ({ kind: 'status', status: 200 }),
  poison: 0,
  events: 10_000,
  rate: Number.POSITIVE_INFINITY,
  endMs: 10_000,
};

/** Faults with a key that is changed are left out: not every client has a way to be told. */
export const FAULTS: readonly Fault[] = [...scripted, burst];
