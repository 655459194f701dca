import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Feed, openFeed } from './feed.ts';

class Source extends EventTarget {
  static readonly opened: Source[] = [];
  isClosed = false;
  onerror: (() => void) | undefined;
  constructor() {
    super();
    Source.opened.push(this);
  }
  close() {
    this.isClosed = true;
  }
  say(name: string, data: object) {
    this.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data) }));
  }
}

const newest = () => Source.opened.at(-1) as Source;
const tick = (n: number, at: number) => ({
  tick: n,
  at,
  sessions: [{ telemetry: { in: at } }],
  sinks: [],
  errands: [],
});
const begin = (): Feed => {
  const feed = openFeed();
  newest().say('hello', { startedAt: 1 });
  return feed;
};
let answer: () => Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers();
  Source.opened.length = 0;
  answer = async () => new Response('{}');
  vi.stubGlobal('EventSource', Source);
  vi.stubGlobal('fetch', () => answer());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('a relay that hangs without closing anything is lost, and asked again', async () => {
  answer = () => new Promise(() => {});
  const feed = begin();
  newest().say('status', tick(1, 1000));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(feed.state.value.kind).toBe('lost');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(Source.opened.length).toBeGreaterThan(1);
  newest().say('status', tick(2, 16_000));
  expect(feed.state.value.kind).toBe('open');
});

it('ticks that come seldom, as those of a relay of thousands of sessions do, missed nothing', () => {
  const feed = begin();
  for (const n of [1, 2, 3]) newest().say('status', tick(n, n * 4_000));
  expect(feed.missed.value).toBeUndefined();
  newest().say('status', tick(5, 20_000));
  expect(feed.missed.value).toEqual({ forMs: 8_000, events: 8_000, restarted: false });
});

it('what came between two connections was missed, though its tick is the next', async () => {
  const feed = begin();
  newest().say('status', tick(1, 1_000));
  newest().onerror?.();
  await vi.advanceTimersByTimeAsync(5_000);
  newest().say('hello', { startedAt: 1 });
  newest().say('status', tick(2, 9_000));
  expect(feed.missed.value).toEqual({ forMs: 8_000, events: 8_000, restarted: false });
});

it('a retry by hand while it is still being asked why leaves one connection, which stays', async () => {
  let say: (response: Response) => void = () => {};
  const feed = begin();
  newest().onerror?.();
  await vi.advanceTimersByTimeAsync(5_000);
  answer = () =>
    new Promise((resolve) => {
      say = resolve;
    });
  newest().onerror?.();
  feed.retry();
  newest().say('status', tick(1, 1_000));
  say(new Response('{}'));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(feed.state.value.kind).toBe('open');
  expect(Source.opened.filter(({ isClosed }) => !isClosed)).toEqual([newest()]);
});

it('a token that is asked for is not asked for again and again', async () => {
  answer = async () => new Response('The token is needed', { status: 401 });
  const feed = begin();
  newest().onerror?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(feed.state.value).toEqual({ kind: 'denied', why: 'The token is needed' });
  expect(Source.opened.length).toBe(1);
});
