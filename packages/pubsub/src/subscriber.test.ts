import { Header, SEQ_OLDEST } from '@runnel/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ObservedClock } from '../test/observed-clock.ts';
import { type Exchange, scripted, until } from '../test/scripted-server.ts';
import { type SegmentReader, type SubscribeOptions, type Subscription, subscribe } from './index.ts';

type Answer = (exchange: Exchange) => unknown;

const data = (seq: number, body: string, headers: Record<string, string> = {}): Answer => {
  const all = { 'Content-Type': 'text/plain', [Header.seq]: String(seq), ...headers };
  return (exchange) => exchange.answer(200, all, body);
};
const gone = (latest: number, headers: Record<string, string> = {}): Answer => {
  return (exchange) => exchange.answer(470, { [Header.latest]: String(latest), ...headers });
};
const head = (latest: number, headers: Record<string, string> = {}): Answer => {
  return (exchange) => exchange.answer(200, { [Header.latest]: String(latest), ...headers }, String(latest));
};
const closed: Answer = (exchange) => exchange.answer(200, { [Header.closed]: 'terminated' });
const waits: Answer = () => {};

/** Answers the GETs of each part with its answers in turn, the last of them again and again; other parts wait. */
function answers(script: Record<string, Answer[]>) {
  const asked: Record<string, number> = {};
  return scripted((exchange) => {
    const { part } = exchange;
    const list = script[part] ?? [waits];
    const turn = asked[part] ?? 0;
    asked[part] = turn + 1;
    return list[Math.min(turn, list.length - 1)]?.(exchange);
  });
}

function subscriptionOf(url: string, options: SubscribeOptions = {}): Subscription {
  const subscription = subscribe(url, options);
  onTestFinished(() => subscription.close());
  return subscription;
}

async function textOf(segment: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of segment) text += new TextDecoder().decode(chunk);
  return text;
}

/** Every segment to the end of the subscription, as `seq:text`. */
async function readAll(subscription: Subscription): Promise<string[]> {
  const read: string[] = [];
  for await (const segment of subscription) read.push(`${segment.seq}:${await textOf(segment)}`);
  return read;
}

describe('in order', () => {
  test('it starts at the current segment, and goes on at the seq of each answer plus one', async () => {
    const server = await answers({ '-2': [data(4, 'a')], '5': [data(5, 'b')], '6': [data(6, '')], '7': [closed] });
    const subscription = subscriptionOf(server.url);
    expect(await readAll(subscription)).toEqual(['4:a', '5:b', '6:']);
    expect(subscription.end).toBe('ended');
    expect(subscription.stats).toMatchObject({ segments: 3, bytes: 2, skipped: 0 });
  });

  test.each([
    ['oldest', String(SEQ_OLDEST)],
    ['current', '-2'],
    [-7, '-7'],
    [3, '3'],
  ] as const)('from %s asks for %s', async (from, part) => {
    const server = await answers({ [part]: [data(3, 'a')], '4': [closed] });
    expect(await readAll(subscriptionOf(server.url, { from }))).toEqual(['3:a']);
  });

  test('from next asks for the head, so that asking again does not miss what was written in between', async () => {
    const head: Answer = (exchange) => exchange.answer(200, { [Header.latest]: '9' }, '9');
    const server = await answers({ next: [head], '9': [data(9, 'a')], '10': [closed] });
    expect(await readAll(subscriptionOf(server.url, { from: 'next' }))).toEqual(['9:a']);
    expect(server.log).toEqual(['GET next', 'GET 9', 'GET 10']);
  });

  test('from next asks a server that does not know the question for -1', async () => {
    const server = await answers({ next: [(exchange) => exchange.answer(400)], '-1': [data(9, 'a')], '10': [closed] });
    expect(await readAll(subscriptionOf(server.url, { from: 'next' }))).toEqual(['9:a']);
  });

  test('the next segment is asked for as soon as the head of the current one is in', async () => {
    const begun: Answer = ({ res }) => res.writeHead(200, { [Header.seq]: '4' }).write('half');
    const server = await answers({ '4': [begun] });
    for await (const segment of subscriptionOf(server.url, { from: 4 })) {
      expect(segment.seq).toBe(4);
      await server.seen('GET 5');
      break;
    }
  });

  test('bytes are handed out as they come', async () => {
    const begun: Answer = ({ res }) => res.writeHead(200, { [Header.seq]: '0' }).write('one');
    const server = await answers({ '0': [begun], '1': [closed] });
    const got: string[] = [];
    for await (const segment of subscriptionOf(server.url, { from: 0 })) {
      for await (const chunk of segment) {
        got.push(new TextDecoder().decode(chunk));
        const { res } = await server.seen('GET 0');
        if (got.length === 1) res.write('two');
        else res.end();
      }
    }
    expect(got).toEqual(['one', 'two']);
  });

  test('a reader that does not read is not read ahead of: the rest stays with the server', async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    const pour = (res: Exchange['res']) => {
      while (sent < total && res.write(Buffer.alloc(65_536))) sent += 65_536;
      res.once('drain', () => pour(res));
    };
    const flood: Answer = ({ res }) => {
      res.writeHead(200, { [Header.seq]: '0', 'Content-Length': total });
      pour(res);
    };
    const server = await answers({ '0': [flood], other: [(exchange) => exchange.answer(200)] });
    for await (const segment of subscriptionOf(server.url, { from: 0 })) {
      await segment[Symbol.asyncIterator]().next();
      // Time enough to send it all, were it read. What the kernel's buffers take is far from all of it.
      for (let turn = 0; turn < 100; turn++) await fetch(`${server.url}/other`);
      expect(sent).toBeLessThan(total / 2);
      break;
    }
    const { res } = await server.seen('GET 0');
    await until(() => res.destroyed);
  });

  test('a segment that is left unread is let go when the next one is asked for', async () => {
    const begun: Answer = ({ res }) => res.writeHead(200, { [Header.seq]: '0' }).write('half');
    const server = await answers({ '0': [begun], '1': [data(1, 'b')], '2': [closed] });
    const seqs: number[] = [];
    for await (const segment of subscriptionOf(server.url, { from: 0 })) seqs.push(segment.seq);
    expect(seqs).toEqual([0, 1]);
    const { res } = await server.seen('GET 0');
    await until(() => res.destroyed);
  });

  test('an aborted segment says so, told by a header or by a trailer', async () => {
    const trailed: Answer = ({ res }) => {
      res.writeHead(200, { [Header.seq]: '1', Trailer: Header.aborted });
      res.write('b');
      res.addTrailers({ [Header.aborted]: '1' });
      res.end();
    };
    const server = await answers({
      '0': [data(0, 'a', { [Header.aborted]: '1' })],
      '1': [trailed],
      '2': [data(2, 'c')],
      '3': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 0 });
    const read: [number, boolean][] = [];
    for await (const segment of subscription) {
      await textOf(segment);
      read.push([segment.seq, segment.aborted]);
    }
    expect(read).toEqual([
      [0, true],
      [1, true],
      [2, false],
    ]);
    expect(subscription.stats.aborted).toBe(2);
  });

  test('headers of the caller go with every request', async () => {
    const server = await answers({ '0': [data(0, 'a')], '1': [closed] });
    await readAll(subscriptionOf(server.url, { from: 0, headers: () => ({ Authorization: 'x' }) }));
    expect(server.exchanges.map(({ headers }) => headers.authorization)).toEqual(['x', 'x']);
  });
});

describe('gaps', () => {
  test('TRICKLE 83: 470 with a head at or above the wanted seq jumps there and counts the gap', async () => {
    const server = await answers({
      '3': [gone(10)],
      '10': [data(10, 'a')],
      '11': [gone(13)],
      '13': [data(13, 'b')],
      '14': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 3 });
    const gaps: [number, number][] = [];
    for await (const segment of subscription) gaps.push([segment.seq, segment.skippedBefore]);
    expect(gaps).toEqual([
      [10, 7],
      [13, 2],
    ]);
    expect(subscription.stats).toMatchObject({ skipped: 9, discontinuities: 0, retries: 0 });
  });

  test('TRICKLE 83: where there are epochs, it goes on at the oldest segment kept and misses no more than has left', async () => {
    const life = { [Header.epoch]: 'aaaaaaaa' };
    const server = await answers({
      next: [head(50, life)],
      '3': [gone(50, life)],
      [SEQ_OLDEST]: [data(40, 'kept', life)],
      '41': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 3, epoch: 'aaaaaaaa' });
    const read: unknown[] = [];
    for await (const { seq, skippedBefore } of subscription) read.push([seq, skippedBefore]);
    expect(read).toEqual([[40, 37]]);
    expect(subscription.stats).toMatchObject({ skipped: 37, discontinuities: 0 });
  });

  test('TRICKLE 83: a segment kept from before the place is not read again: it goes on at the head', async () => {
    const life = { [Header.epoch]: 'aaaaaaaa' };
    const server = await answers({
      next: [head(50, life)],
      '3': [gone(50, life)],
      [SEQ_OLDEST]: [data(1, 'read before', life)],
      '50': [data(50, 'next', life)],
      '51': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 3, epoch: 'aaaaaaaa' });
    expect(await readAll(subscription)).toEqual(['50:next']);
    expect(subscription.stats).toMatchObject({ skipped: 47, discontinuities: 0 });
  });

  test('PROTOCOL 4.6: another life that begins while the oldest segment is asked for is a discontinuity', async () => {
    const [a, b] = [{ [Header.epoch]: 'aaaaaaaa' }, { [Header.epoch]: 'bbbbbbbb' }];
    const server = await answers({
      next: [head(50, a)],
      '3': [gone(50, a)],
      [SEQ_OLDEST]: [data(4, 'new', b), data(0, 'first', b)],
      '1': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 3, epoch: 'aaaaaaaa' });
    expect(await readAll(subscription)).toEqual(['0:first']);
    expect(subscription.stats).toMatchObject({ skipped: 0, discontinuities: 1 });
  });

  test('TRICKLE 83: 470 with a head one below asks again after 250 ms, as often as it takes', async () => {
    const clock = new ObservedClock();
    const ahead = Array.from({ length: 50 }, () => gone(4));
    const server = await answers({ '5': [...ahead, data(5, 'a')], '6': [closed] });
    const subscription = subscriptionOf(server.url, { from: 5, clock, retries: 3 });
    const reading = readAll(subscription);
    for (let round = 1; round <= ahead.length; round++) {
      await server.seen('GET 5', round);
      await clock.waits(250);
      clock.advance(249);
      expect(server.log).toHaveLength(round);
      clock.advance(1);
    }
    expect(await reading).toEqual(['5:a']);
    expect(subscription.stats).toMatchObject({ skipped: 0, retries: 0 });
  });

  test('TRICKLE 83: 470 of another epoch starts again at the oldest segment and counts a discontinuity', async () => {
    const [a, b] = [{ [Header.epoch]: 'aaaaaaaa' }, { [Header.epoch]: 'bbbbbbbb' }];
    const server = await answers({
      '57': [data(57, 'old', a)],
      '58': [gone(2, b)],
      [SEQ_OLDEST]: [data(0, 'new', b)],
      '1': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 57 });
    const read: unknown[] = [];
    for await (const { seq, epoch, discontinuity } of subscription) read.push([seq, epoch, discontinuity]);
    expect(read).toEqual([
      [57, 'aaaaaaaa', false],
      [0, 'bbbbbbbb', true],
    ]);
    expect(subscription.stats).toMatchObject({ discontinuities: 1, skipped: 0 });
  });

  test('PROTOCOL 4.6: a segment of another epoch under the wanted seq is not taken for the next one', async () => {
    const [a, b] = [{ [Header.epoch]: 'aaaaaaaa' }, { [Header.epoch]: 'bbbbbbbb' }];
    const server = await answers({
      '3': [data(3, 'old', a)],
      '4': [data(4, 'new 4', b)],
      [SEQ_OLDEST]: [data(2, 'new 2', b)],
      '5': [closed],
    });
    const read: string[] = [];
    const subscription = subscriptionOf(server.url, { from: 3 });
    for await (const segment of subscription) {
      read.push(await textOf(segment));
      if (read.length === 2) break;
    }
    expect(read).toEqual(['old', 'new 2']);
    expect(subscription.stats.discontinuities).toBe(1);
  });

  test('a position of an earlier run is void in another epoch', async () => {
    const server = await answers({
      next: [head(10, { [Header.epoch]: 'aaaaaaaa' })],
      '9': [data(9, 'other', { [Header.epoch]: 'bbbbbbbb' })],
      [SEQ_OLDEST]: [data(5, 'new', { [Header.epoch]: 'bbbbbbbb' })],
      '6': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 9, epoch: 'aaaaaaaa' });
    expect(await readAll(subscription)).toEqual(['5:new']);
    expect(subscription.stats.discontinuities).toBe(1);
  });

  test('PROTOCOL 4.6: a new life that has not written the wanted seq yet is noticed, instead of waiting for it', async () => {
    const b = { [Header.epoch]: 'bbbbbbbb' };
    const server = await answers({ next: [head(1, b)], '1': [waits], [SEQ_OLDEST]: [data(0, 'new', b)] });
    const subscription = subscriptionOf(server.url, { from: 1, epoch: 'aaaaaaaa' });
    for await (const segment of subscription) {
      expect(`${segment.seq}:${await textOf(segment)}`).toBe('0:new');
      break;
    }
    expect(server.log.slice(0, 2)).toEqual(['GET next', `GET ${SEQ_OLDEST}`]);
    expect(subscription.stats.discontinuities).toBe(1);
  });

  test('PROTOCOL 4.6: … also after the server was away, and when the channel is there again only later', async () => {
    const [a, b] = [{ [Header.epoch]: 'aaaaaaaa' }, { [Header.epoch]: 'bbbbbbbb' }];
    const missing: Answer = (exchange) => exchange.answer(404);
    const cut: Answer = (exchange) => exchange.cut();
    const server = await answers({
      '0': [data(0, 'old', a)],
      '1': [cut, waits],
      next: [head(1, b)],
      [SEQ_OLDEST]: [data(0, 'new', b)],
    });
    const read: string[] = [];
    for await (const segment of subscriptionOf(server.url, { from: 0 })) {
      if (read.push(await textOf(segment)) === 2) break;
    }
    expect(read).toEqual(['old', 'new']);
    const later = await answers({ next: [missing, head(1, b)], '1': [waits], [SEQ_OLDEST]: [data(0, 'later', b)] });
    for await (const segment of subscriptionOf(later.url, { from: 1, epoch: 'aaaaaaaa', waitForChannel: true })) {
      expect(await textOf(segment)).toBe('later');
      break;
    }
  });

  test('from oldest begins at the current segment of a server that knows nothing older (Go)', async () => {
    const server = await answers({ [SEQ_OLDEST]: [gone(9)], '-2': [data(8, 'current')], '9': [closed] });
    const subscription = subscriptionOf(server.url, { from: 'oldest' });
    expect(await readAll(subscription)).toEqual(['8:current']);
    expect(subscription.stats.skipped).toBe(0);
  });

  test('TRICKLE 83: without epochs, a head further below, three times over 2 s, is a restarted server', async () => {
    const clock = new ObservedClock();
    const server = await answers({ '57': [gone(6)], '2': [data(2, 'new')], '3': [closed] });
    const subscription = subscriptionOf(server.url, { from: 57, clock });
    const reading = readAll(subscription);
    for (let round = 1; round <= 2; round++) {
      await server.seen('GET 57', round);
      await clock.waits(1_000);
      expect(server.log).toHaveLength(round);
      clock.advance(1_000);
    }
    expect(await reading).toEqual(['2:new']);
    expect(server.log).toEqual(['GET 57', 'GET 57', 'GET 57', 'GET 2', 'GET 3']);
    expect(subscription.stats).toMatchObject({ discontinuities: 1, skipped: 0 });
  });

  test('in the same epoch a head further below is waited for', async () => {
    const clock = new ObservedClock();
    const epoch = { [Header.epoch]: 'aaaaaaaa' };
    const below = [gone(2, epoch), gone(2, epoch), gone(2, epoch), gone(2, epoch), data(9, 'a', epoch)];
    const server = await answers({ next: [head(2, epoch)], '9': below, '10': [closed] });
    const subscription = subscriptionOf(server.url, { from: 9, epoch: 'aaaaaaaa', clock });
    const reading = readAll(subscription);
    for (let round = 1; round <= 4; round++) {
      await server.seen('GET 9', round);
      await clock.waits(1_000);
      clock.advance(1_000);
    }
    expect(await reading).toEqual(['9:a']);
    expect(subscription.stats.discontinuities).toBe(0);
  });

  test('a storm of 470 is not answered by a storm of requests', async () => {
    const clock = new ObservedClock();
    let head = 10;
    const server = await scripted((exchange) => gone(head++)(exchange));
    const subscription = subscriptionOf(server.url, { from: 0, clock });
    const reading = readAll(subscription);
    await clock.waits(250);
    expect(server.log.length).toBe(2);
    clock.advance(250);
    await until(() => server.log.length === 3);
    subscription.close();
    expect(await reading).toEqual([]);
    expect(subscription.stats.skipped).toBeGreaterThanOrEqual(11);
  });

  test('PROTOCOL 3.4: a segment that was never written is counted, not handed out', async () => {
    const hole = data(4, '', { [Header.skipped]: '1' });
    const server = await answers({ '3': [data(3, 'a')], '4': [hole], '5': [data(5, 'b')], '6': [closed] });
    const subscription = subscriptionOf(server.url, { from: 3 });
    expect(await readAll(subscription)).toEqual(['3:a', '5:b']);
    expect(subscription.stats.skipped).toBe(1);
  });

  test('an answer with a higher seq than asked for is taken, and the gap counted', async () => {
    const server = await answers({ '3': [data(5, 'a')], '6': [closed] });
    const subscription = subscriptionOf(server.url, { from: 3 });
    expect(await readAll(subscription)).toEqual(['5:a']);
    expect(subscription.stats.skipped).toBe(2);
  });
});

describe('bodies that are cut', () => {
  const halfOf = (seq: number, half: string, headers = {}): Answer => {
    return (exchange) => {
      exchange.res.writeHead(200, { [Header.seq]: String(seq), ...headers });
      exchange.res.write(half, () => exchange.cut());
    };
  };

  test('PROTOCOL 9: it is asked for once more, and the bytes already had are passed over', async () => {
    const server = await answers({ '0': [halfOf(0, 'hello '), data(0, 'hello world')], '1': [closed] });
    const subscription = subscriptionOf(server.url, { from: 0 });
    expect(await readAll(subscription)).toEqual(['0:hello world']);
    expect(subscription.stats).toMatchObject({ resumed: 1, cut: 0, bytes: 11 });
  });

  test('… also one that was cut before anyone read it', async () => {
    const server = await answers({ '0': [halfOf(0, 'hello '), data(0, 'hello world')], '1': [closed] });
    const subscription = subscriptionOf(server.url, { from: 0 });
    for await (const segment of subscription) {
      const { req } = await server.seen('GET 0');
      await until(() => req.destroyed);
      // The client hears of it later than the server.
      for (let turn = 0; turn < 20; turn++) await fetch(`${server.url}/1`);
      expect(await textOf(segment)).toBe('hello world');
    }
    expect(subscription.stats).toMatchObject({ resumed: 1, cut: 0, bytes: 11 });
  });

  test('a body that ends before its Content-Length is cut', async () => {
    const short = halfOf(0, 'hello ', { 'Content-Length': '11' });
    const server = await answers({ '0': [short, data(0, 'hello world')], '1': [closed] });
    expect(await readAll(subscriptionOf(server.url, { from: 0 }))).toEqual(['0:hello world']);
  });

  test.each([
    ['is cut again', halfOf(0, 'hello ')],
    ['has left the window', gone(4)],
    ['is of another life of the channel', data(0, 'hello world', { [Header.epoch]: 'bbbbbbbb' })],
    ['is shorter than what we had', data(0, 'he')],
  ])('a segment that %s is counted as cut, and the next one follows', async (_, second) => {
    const first = halfOf(0, 'hello ', { [Header.epoch]: 'aaaaaaaa' });
    const server = await answers({
      '0': [first, second],
      '1': [data(1, 'b', { [Header.epoch]: 'aaaaaaaa' })],
      '2': [closed],
    });
    const subscription = subscriptionOf(server.url, { from: 0 });
    const read: [string, boolean][] = [];
    for await (const segment of subscription) read.push([await textOf(segment), segment.aborted]);
    expect(read).toEqual([
      ['hello ', true],
      ['b', false],
    ]);
    expect(subscription.stats).toMatchObject({ cut: 1, segments: 2 });
  });

  test('a server that dies mid-segment and comes back with a new life is gone on with', async () => {
    let life = 0;
    const epoch = () => ({ [Header.epoch]: life === 0 ? 'aaaaaaaa' : 'bbbbbbbb' });
    const server = await scripted((exchange) => {
      if (life === 0)
        return exchange.part === '7' && exchange.res.writeHead(200, { [Header.seq]: '7', ...epoch() }).write('half');
      if (exchange.part === '8') return gone(1, epoch())(exchange);
      if (exchange.part === String(SEQ_OLDEST)) return data(0, 'new', epoch())(exchange);
      return closed(exchange);
    });
    const subscription = subscriptionOf(server.url, { from: 7 });
    const read: string[] = [];
    for await (const segment of subscription) {
      let text = '';
      for await (const chunk of segment) {
        text += new TextDecoder().decode(chunk);
        if (life++ === 0) await server.kill();
      }
      if (life === 1) await server.revive();
      read.push(text);
    }
    expect(read).toEqual(['half', 'new']);
    expect(subscription.stats).toMatchObject({ cut: 1, discontinuities: 1 });
    expect(subscription.end).toBe('ended');
  });
});

describe('how it ends', () => {
  const notFound: Answer = (exchange) => exchange.answer(404, {}, 'Stream not found\n');

  test('TRICKLE 84: a channel that is not there never existed', async () => {
    const server = await answers({ '-2': [notFound] });
    const subscription = subscriptionOf(server.url);
    expect(await readAll(subscription)).toEqual([]);
    expect(subscription.end).toBe('never_existed');
  });

  test('TRICKLE 84: a channel that is not there any more has ended', async () => {
    const server = await answers({ '-2': [data(0, 'a')], '1': [notFound] });
    const subscription = subscriptionOf(server.url);
    expect(await readAll(subscription)).toEqual(['0:a']);
    expect(subscription.end).toBe('ended');
  });

  test.each([200, 404, 470, 503])('PROTOCOL 9: Closed comes before the status, here %i', async (status) => {
    const server = await answers({
      '-2': [(exchange) => exchange.answer(status, { [Header.closed]: 'terminated' }, 'Entry not found\n')],
    });
    const subscription = subscriptionOf(server.url);
    expect(await readAll(subscription)).toEqual([]);
    expect(subscription.end).toBe('ended');
  });

  test('TRICKLE 84: too many failures in a row are a subscription that gave up, with the last of them', async () => {
    const clock = new ObservedClock();
    const server = await answers({ '0': [(exchange) => exchange.answer(500)] });
    const subscription = subscriptionOf(server.url, { from: 0, retries: 6, clock });
    const reading = readAll(subscription);
    for (let round = 1; round <= 6; round++) {
      await server.seen('GET 0', round);
      await clock.waits(100, 1_000);
      clock.advance(1_000);
    }
    expect(await reading).toEqual([]);
    expect(subscription.end).toBe('gave_up');
    expect(subscription.error).toMatchObject({ code: 'unreachable', status: 500 });
    expect(server.log).toHaveLength(7);
  });

  test.each<[string, Answer]>([
    ['no HTTP', (exchange) => exchange.res.socket?.end('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
    ['an answer without a seq to -2', (exchange) => exchange.answer(200, {}, 'hello')],
    ['an answer with a seq that is no number', (exchange) => exchange.answer(200, { [Header.seq]: 'x' }, 'hello')],
    ['470 without a head', (exchange) => exchange.answer(470)],
    ['a redirect', (exchange) => exchange.answer(301, { Location: '/' })],
    ['a refusal', (exchange) => exchange.answer(403)],
    ['a cut connection', (exchange) => exchange.cut()],
  ])('%s is a failure that is tried again', async (_, wrong) => {
    const clock = new ObservedClock();
    const server = await answers({ '-2': [wrong, data(0, 'a')], '1': [closed] });
    const subscription = subscriptionOf(server.url, { clock });
    const reading = readAll(subscription);
    await clock.waits(125, 250);
    clock.advance(250);
    expect(await reading).toEqual(['0:a']);
  });

  test('failures are forgotten with the next segment', async () => {
    const wrong: Answer = (exchange) => exchange.answer(500);
    const server = await answers({ '0': [wrong, data(0, 'a')], '1': [wrong, data(1, 'b')], '2': [wrong, closed] });
    const subscription = subscriptionOf(server.url, { from: 0, retries: 1 });
    expect(await readAll(subscription)).toEqual(['0:a', '1:b']);
    expect(subscription.end).toBe('ended');
  });

  test('503 is asked again when Retry-After says', async () => {
    const clock = new ObservedClock();
    const stopping: Answer = (exchange) => exchange.answer(503, { 'Retry-After': '7' });
    const server = await answers({ '0': [stopping, data(0, 'a')], '1': [closed] });
    const subscription = subscriptionOf(server.url, { from: 0, clock });
    const reading = readAll(subscription);
    await clock.waits(7_000);
    clock.advance(6_999);
    expect(server.log).toHaveLength(1);
    clock.advance(1);
    expect(await reading).toEqual(['0:a']);
  });

  test('PROTOCOL 8: a channel that does not exist yet is waited for where asked, and read from its first segment', async () => {
    const clock = new ObservedClock();
    const server = await answers({
      '-2': [notFound],
      '0': [notFound, notFound, notFound, notFound, data(0, 'a')],
      '1': [closed],
    });
    const subscription = subscriptionOf(server.url, { waitForChannel: true, clock, retries: 0 });
    const reading = readAll(subscription);
    for (let round = 1; round <= 5; round++) {
      await clock.waits(100, 1_000);
      clock.advance(1_000);
    }
    expect(await reading).toEqual(['0:a']);
    expect(subscription.stats).toMatchObject({ skipped: 0, retries: 0 });
  });

  test('TRICKLE 63: a waiting request is made anew every 20 s, and its answer is not missed', async () => {
    const clock = new ObservedClock();
    const server = await answers({ '0': [waits, waits, data(0, 'a')], '1': [closed] });
    const subscription = subscriptionOf(server.url, { from: 0, clock });
    const reading = readAll(subscription);
    const first = await server.seen('GET 0');
    await clock.waits(20_000);
    clock.advance(19_999);
    expect(subscription.stats.reAsks).toBe(0);
    clock.advance(1);
    await server.seen('GET 0', 2);
    await until(() => first.req.destroyed);
    await clock.waits(20_000);
    clock.advance(20_000);
    expect(await reading).toEqual(['0:a']);
    expect(subscription.stats).toMatchObject({ reAsks: 2, retries: 0 });
  });

  test('PROTOCOL 9: a body that says nothing for 20 to 40 s is asked for anew, and goes on behind what was had', async () => {
    const clock = new ObservedClock();
    const silentAfter = (text: string): Answer => {
      return (exchange) => {
        exchange.res.writeHead(200, { [Header.seq]: '0' });
        exchange.res.write(text);
      };
    };
    const script = { '0': [silentAfter('hel'), silentAfter('hello '), data(0, 'hello world')], '1': [closed] };
    const server = await answers(script);
    const subscription = subscriptionOf(server.url, { from: 0, clock });
    const reading = readAll(subscription);
    const first = await server.seen('GET 0');
    await until(() => subscription.stats.bytes === 3);
    clock.advance(20_000);
    expect(server.log.filter((line) => line === 'GET 0')).toHaveLength(1);
    clock.advance(20_000);
    await server.seen('GET 0', 2);
    await until(() => first.req.destroyed && subscription.stats.bytes === 6);
    clock.advance(20_000);
    clock.advance(20_000);
    // The second body is not asked for before it was silent as long as the first.
    clock.advance(20_000);
    clock.advance(20_000);
    expect(await reading).toEqual(['0:hello world']);
    expect(subscription.stats).toMatchObject({ resumed: 0, cut: 0, bytes: 11 });
  });

  test('… but one that its reader leaves alone is not silent', async () => {
    const clock = new ObservedClock();
    const server = await answers({
      '0': [
        (exchange) => {
          exchange.res.writeHead(200, { [Header.seq]: '0' });
          exchange.res.write('a');
        },
      ],
    });
    const subscription = subscriptionOf(server.url, { from: 0, clock });
    const { value } = await subscription[Symbol.asyncIterator]().next();
    const body = (value as SegmentReader)[Symbol.asyncIterator]();
    await body.next();
    clock.advance(200_000);
    const rest = body.next();
    await until(() => server.exchanges.length > 1);
    server.exchanges[0]?.res.end('b');
    expect(new TextDecoder().decode((await rest).value)).toBe('b');
    expect(server.log.filter((line) => line === 'GET 0')).toHaveLength(1);
  });

  test('TRICKLE 67: the signal ends a waiting read at once, with its reason', async () => {
    const controller = new AbortController();
    const server = await answers({});
    const subscription = subscriptionOf(server.url, { signal: controller.signal });
    const reading = readAll(subscription);
    const { req } = await server.seen('GET -2');
    controller.abort('enough');
    expect(await reading).toEqual([]);
    expect(subscription.end).toBe('aborted');
    expect(subscription.error).toMatchObject({ code: 'aborted', cause: 'enough' });
    await until(() => req.destroyed);
  });

  test('closing ends a read in the middle of a segment, and both connections', async () => {
    const begun: Answer = ({ res }) => res.writeHead(200, { [Header.seq]: '0' }).write('half');
    const server = await answers({ '0': [begun] });
    const subscription = subscriptionOf(server.url, { from: 0 });
    const read: [string, boolean][] = [];
    for await (const segment of subscription as AsyncIterable<SegmentReader>) {
      let text = '';
      for await (const chunk of segment) {
        text += new TextDecoder().decode(chunk);
        await server.seen('GET 1');
        subscription.close();
      }
      read.push([text, segment.aborted]);
    }
    expect(read).toEqual([['half', true]]);
    expect(subscription.end).toBe('aborted');
    await until(() => server.exchanges.every(({ req }) => req.destroyed));
  });

  test('it is iterated once', async () => {
    const server = await answers({ '-2': [closed] });
    const subscription = subscriptionOf(server.url);
    await readAll(subscription);
    await expect(readAll(subscription)).rejects.toMatchObject({ code: 'invalid' });
  });

  test.each(['nonsense', 'file:///c'])('%j is no channel URL', (url) => {
    expect(() => subscribe(url)).toThrow('Not an http');
  });

  test('a start that is no seq is refused', () => {
    expect(() => subscribe('http://127.0.0.1/c', { from: 1.5 })).toThrow('Not a seq');
  });
});
