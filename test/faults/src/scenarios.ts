/** What a sink does to the one who sends to it, played against our client here and against others in test/bench. EGRESS R6, R7. */
import type { HttpSink } from '@runnel/egress/http';
import { partsOf } from './feed.ts';
import type { Arrived, Reply } from './scripted-sink.ts';

export interface Scenario {
  readonly name: string;
  /** What the sink does with a request that comes `ms` after the first event. */
  readonly reply: (ms: number, arrived: Arrived) => Reply;
  /** Done once, so long after the first event. */
  readonly later?: { readonly ms: number; readonly change: (sink: HttpSink) => void };
  /** Refused for ever by the script; all others must be delivered. Default 0. */
  readonly poison?: number;
}

const OK: Reply = { kind: 'status', status: 200 };
const status = (code: number, headers: Record<string, string> = {}): Reply => ({
  kind: 'status',
  status: code,
  headers,
});
const POISON = 500;
const isPoison = (id: string) => partsOf(id).n % POISON === POISON / 2;
const first = (seconds: number, reply: Reply) => (ms: number) => (ms < seconds * 1000 ? reply : OK);

export const SCENARIOS: readonly Scenario[] = [
  { name: 'none', reply: () => OK },
  { name: '503 for 20 s', reply: first(20, status(503)) },
  { name: '401 for 10 s, the key being good', reply: first(10, status(401)) },
  {
    name: '401 for 10 s, then another key',
    reply: (_, { headers }) => (headers.authorization === 'Bearer new' ? OK : status(401)),
    later: { ms: 10_000, change: (sink) => sink.setKey('new') },
  },
  { name: '429, Retry-After: 7, for 20 s', reply: first(20, status(429, { 'retry-after': '7' })) },
  { name: '413 over 30 events', reply: (_, { ids }) => (ids.length > 30 ? status(413) : OK) },
  {
    name: `400 for one in ${POISON}`,
    reply: (_, { ids }) => (ids.some(isPoison) ? status(400) : OK),
    poison: 2,
  },
  { name: 'hang for 40 s', reply: first(40, { kind: 'hang' }) },
  { name: 'reset for 20 s', reply: first(20, { kind: 'reset' }) },
  { name: 'half a response for 20 s', reply: first(20, { kind: 'half' }) },
];
