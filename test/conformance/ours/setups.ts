/** The ways in which our own server is held against the suite: how it is reached, and what it is told to offer. */
import { Refusal, type ServeOptions } from '@runnel/server';
import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import { type Case, parseFeatures, policy, sections, unmet } from '../src/index.ts';

export interface Setup {
  readonly name: string;
  /** In this process behind a listener, in this process without one, or in a child process. */
  readonly reached: 'listener' | 'fetch' | 'child';
  readonly options: ServeOptions;
  /** For `parseFeatures`. */
  readonly features: string;
  /** Sections this set-up is for. Default: all. */
  readonly only?: readonly string[];
}

/** What our server always offers with autocreate on. */
const ALWAYS =
  'autocreate,reserved,epochs,size,skipped=2500,aborted,head-request,segment-bytes,event-bytes,tombstone,policy';
const FEED = 'changefeed,listing';

const hooks = { beforeCreate: ask, beforeDelete: ask };
/** Holes are released later than by default, so that a loaded machine is never too slow to look at one. */
const plain: ServeOptions = { autocreate: true, changefeed: true, holeMs: 2_500 };
const open: ServeOptions = { ...plain, ...hooks };

/** Sets a header after everything below it has answered, which is where raw answers go wrong. */
const late = createMiddleware(async (c, next) => {
  await next();
  c.header('X-Served-By', 'a middleware that is late');
});

export const setups: readonly Setup[] = [
  {
    name: 'over a socket, in a process of its own',
    reached: 'child',
    options: plain,
    features: `${ALWAYS},${FEED},keep`.replace(',policy', ''),
  },
  { name: 'in process, through fetch', reached: 'fetch', options: open, features: `${ALWAYS},${FEED},keep` },
  {
    name: 'under a base path, lingering',
    reached: 'listener',
    options: { ...open, basePath: '/ai/trickle/', lingerMs: 3_000 },
    features: `${ALWAYS},${FEED},keep,linger=3000`,
  },
  {
    name: 'with fast ingest',
    reached: 'listener',
    options: { ...open, fastIngest: true },
    features: `${ALWAYS},${FEED},keep`,
  },
  {
    name: 'behind cors() and a middleware that sets headers late',
    reached: 'listener',
    options: { ...open, use: [cors(), late], tombstoneMs: 3_000 },
    features: `${ALWAYS.replace('tombstone', 'tombstone=3000')},${FEED},keep`,
  },
  {
    name: 'with keep-ms 0 and no changefeed',
    reached: 'listener',
    options: { ...open, changefeed: false, keepMs: 0, laggardMs: 3_000 },
    features: `${ALWAYS},laggard=3000`,
  },
  {
    name: 'with small limits',
    reached: 'listener',
    options: {
      ...open,
      keepMs: 5_000,
      segmentBytes: 500_000,
      eventBytes: 200_000,
      keepBytes: 1_000_000,
      maxChannels: 60,
      maxReaders: 40,
    },
    features:
      `${ALWAYS},${FEED},keep=5000,segment-bytes=500000,event-bytes=200000,keep-bytes=1000000,` +
      'max-channels=60,max-readers=40',
    only: ['4.4', '4.7'],
  },
  {
    name: 'with a small budget',
    reached: 'listener',
    // Twice what the buffers of a connection can hold of a segment, and more.
    options: { ...open, budgetBytes: 40_000_000 },
    features: `${ALWAYS},keep,budget-bytes=40000000`,
    only: ['PROTOCOL 4.7 budget', 'PROTOCOL 4.7 budget readers'],
  },
  {
    name: 'with a short idle time-out',
    reached: 'listener',
    options: { ...open, idleTimeoutMs: 3_000 },
    features: `${ALWAYS},${FEED},keep,idle=3000`,
    only: ['4.1'],
  },
  {
    name: 'with autocreate off',
    reached: 'listener',
    options: hooks,
    features: 'reserved,epochs,size,skipped,aborted,head-request,keep',
  },
];

/** The cases that a set-up has to pass: all that its features do not rule out, in the sections and cases it is for. */
export function casesFor({ only, reached, features }: Setup): Case[] {
  const offered = parseFeatures(`${features},stop${reached === 'fetch' ? '' : ',sockets'}`);
  return sections.flatMap(({ number, cases }) =>
    cases.filter(
      ({ id, needs }) =>
        (only === undefined || only.includes(number) || only.includes(id)) && unmet(needs, offered) === undefined,
    ),
  );
}

function ask(name: string, headers: Headers): void {
  const verdict = policy(name, headers);
  if (verdict !== undefined) throw new Refusal(verdict.status, verdict.text);
}
