/** What is to be reached: the goals of the hot path, of emit, and the figures of the relay, each tied to the figure that shows it. */

export interface Goal {
  /** What the goal is called where it is set, and in results/why.json. */
  readonly id: string;
  readonly what: string;
  readonly workload: string;
  readonly figure: string;
  readonly contender: string;
  /** Then it is the ratio to this one, in the same rounds. */
  readonly against?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const GO = 'go-livepeer';
const NATS = 'nats core';
const ours = (id: string, what: string, workload: string, figure: string) => ({
  id,
  what,
  workload,
  figure,
  contender: 'runnel',
});
const relay = (id: string, what: string, workload: string, figure: string) => ({
  ...ours(id, what, workload, figure),
  contender: 'journal on disk',
});
const emit = (id: string, what: string, contender: string, figure: string) => ({
  ...ours(id, what, 'emit', figure),
  contender,
});
const fast = { contender: 'runnel, fast ingest' };

const latency = (what: string, figure: string) => ours('1 A', what, 'latency', figure);
const b300 = (what: string) => ours('2 B300', what, 'throughput-300', 'rate');
const b300x64 = (what: string) => ours('3 B300x64', what, 'throughput-300x64', 'rate');
const b64k = (what: string) => ours('4 B64k', what, 'throughput-64k', 'rate');
const c100 = (what: string) => ours('5 C100', what, 'fan-out-100', 'cpu');
const c1000 = (what: string, figure: string) => ours('6 C1000', what, 'fan-out-1000', figure);

export const goals: readonly Goal[] = [
  { ...latency('p50 against the Go server', 'p50'), against: GO, atMost: 1 },
  { ...latency('p50 against nats core', 'p50'), against: NATS, atMost: 1 },
  { ...latency('p99 against the Go server', 'p99'), against: GO, atMost: 1.5 },
  { ...b300('with fast ingest, against the Go server'), ...fast, against: GO, atLeast: 1 },
  { ...b300('with fast ingest, against nats core'), ...fast, against: NATS, atLeast: 1 },
  { ...b300('without it, against naive node:http'), against: 'naive node:http', atLeast: 6 },
  { ...b300x64('against the Go server'), against: GO, atLeast: 1 },
  { ...b300x64('against nats core'), against: NATS, atLeast: 1.3 },
  { ...b300x64('against Redis streams'), against: 'Redis streams', atLeast: 4 },
  { ...b300x64('against JetStream'), against: 'nats JetStream', atLeast: 10 },
  { ...b64k('against the Go server'), against: GO, atLeast: 0.8 },
  { ...b64k('against nats core'), against: NATS, atLeast: 1 },
  { ...c100('CPU per delivery against the Go server'), against: GO, atMost: 0.8 },
  { ...c100('CPU per delivery against nats core'), against: NATS, atMost: 0.75 },
  { ...c1000('deliveries a second', 'rate'), atLeast: 990_000 },
  { ...c1000('p50 against the Go server', 'p50'), against: GO, atMost: 0.5 },
  { ...c1000('p99 against the Go server', 'p99'), against: GO, atMost: 0.5 },
  { ...ours('7 D', 'KiB per waiting GET', 'idle-readers', 'memory'), atMost: 9 },
  { ...ours('7 D', 'KiB per idle channel', 'idle-channels', 'memory'), atMost: 1.5 },
  { ...ours('8 E', 'segments a second', 'segment-churn', 'rate'), atLeast: 30_000 },
  { ...ours('8 E', '470 to the segment after the one just read', 'segment-churn', 'refused'), atMost: 0 },
  { ...emit('9 F', 'us of CPU an event, all in', 'emit', 'cpu'), atMost: 1.8 },
  { ...relay('10 G', 'events a second, emit to acknowledged', 'relay-throughput', 'rate'), atLeast: 150_000 },
  { ...relay('10 G', 'p50 in ms at 10,000 events a second', 'relay-latency', 'p50'), atMost: 5 },
  { ...relay('10 G', 'p99 in ms at 10,000 events a second', 'relay-latency', 'p99'), atMost: 25 },
  {
    ...ours('11 H', 'CPU per event, 50,000 channels against 1', 'growth-channels', 'cpu'),
    contender: '50,000 channels',
    against: '1 channel',
    atMost: 1.5,
  },
  {
    ...ours('growth', 'CPU per event, 8,000 GETs waiting elsewhere against 1', 'growth-readers', 'cpu'),
    contender: '8,000 waiting',
    against: '1 waiting',
    atMost: 1.5,
  },
  {
    ...ours('growth', 'CPU per MiB, events of 5 MiB against 100 B', 'growth-events', 'cpu'),
    contender: '5,242,880 B',
    against: '100 B',
    atMost: 1.5,
  },
  {
    ...ours('growth', 'CPU of the client per event, 2,000 sessions against 1', 'growth-sessions', 'cpu'),
    contender: '2,000 sessions',
    against: '1 session',
    atMost: 1.5,
  },
  { ...emit('E1', 'emit, p50 in ns', 'emit', 'p50'), atMost: 120 },
  { ...emit('E1', 'emit, p99 in ns', 'emit', 'p99'), atMost: 500 },
  { ...emit('E1', 'emit, bytes allocated', 'emit', 'allocated'), atMost: 200 },
  { ...emit('E2', 'disabled, p50 in ns', 'handle, off', 'p50'), atMost: 12 },
  { ...emit('E2', 'filtered, p50 in ns', 'handle, filtered', 'p50'), atMost: 12 },
  { ...emit('E2', 'sampled out, p50 in ns', 'handle, sampled 0.001', 'p50'), atMost: 12 },
  { ...emit('E2', 'disabled, bytes allocated', 'handle, off', 'allocated'), atMost: 1 },
  { ...emit('E3', 'us of CPU an event until its bytes are on the channel', 'emit', 'cpu'), atMost: 1.5 },
  {
    ...ours('E4', 'from a worker thread, p50 in us', 'emit-worker', 'p50'),
    contender: 'emit from a worker',
    atMost: 3,
  },
  { ...emit('E5', 'a span, p50 in ns', 'span', 'p50'), atMost: 350 },
  {
    ...ours('E6', 'longest hold of the loop by the drain of 10,000 events, in ms', 'emit-drain', 'alone'),
    contender: 'emit',
    atMost: 2,
  },
  {
    ...ours('E6', 'longest hold meanwhile, garbage collection included, in ms', 'emit-drain', 'hold'),
    contender: 'emit',
    atMost: 2,
  },
  {
    ...ours('E6', 'p99 jitter added to a 60 fps loop at 1,000 events a second, in ms', 'emit-drain', 'jitter'),
    contender: 'emit',
    atMost: 0.1,
  },
  { ...ours('E7', 'a million emits in one tick, ns each', 'emit-flood', 'each'), contender: 'emit', atMost: 150 },
  {
    ...ours('E7', 'of them neither kept nor counted as dropped', 'emit-flood', 'uncounted'),
    contender: 'emit',
    atMost: 0,
  },
  {
    ...ours('R12', 'MiB more in the client, its sink down and 1,000,000 events behind', 'relay-outage', 'memory'),
    contender: 'its only sink is down',
    atMost: 64,
  },
  {
    ...ours('R13', 'events a second into the journal, a commit for every 256, two cursors', 'journal', 'rate'),
    contender: 'a commit for every 256',
    atLeast: 250_000,
  },
];
