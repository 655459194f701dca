import { describe, expect, test } from 'vitest';
import { OperationsQueue } from './operations-queue.ts';

function queue(over: { capacity?: number; flushOnStop?: boolean } = {}) {
  const errors: unknown[] = [];
  return { errors, queue: new OperationsQueue({ onError: (error) => errors.push(error), ...over }) };
}

describe('EGRESS 3.2: the operations queue', () => {
  test('EGRESS 3.2: runs operations one at a time, in the order of their calls, and goes on after one that throws', async () => {
    const { queue: q, errors } = queue();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    q.start();
    q.enqueue(async () => {
      log.push('a begins');
      await gate.promise;
      log.push('a ends');
    });
    q.enqueue(() => {
      log.push('b');
      throw new Error('b failed');
    });
    q.enqueue(async () => {
      log.push('c');
      throw new Error('c failed');
    });
    q.enqueue(() => void log.push('d'));
    expect(log).toEqual(['a begins']);
    gate.resolve();
    await q.idle();
    expect(log).toEqual(['a begins', 'a ends', 'b', 'c', 'd']);
    expect(errors.map(String)).toEqual(['Error: b failed', 'Error: c failed']);
    expect(q.books).toEqual({ in: 4, run: 4, pending: 0, dropped: { overflow: 0, stopped: 0 } });
  });

  test('EGRESS 3.2: holds 2,048; one more is refused and counted', () => {
    const { queue: q } = queue();
    const taken = Array.from({ length: 2050 }, () => q.enqueue(() => {}));
    expect(taken.filter(Boolean)).toHaveLength(2048);
    expect(taken.slice(-3)).toEqual([true, false, false]);
    expect(q.books).toEqual({ in: 2050, run: 0, pending: 2048, dropped: { overflow: 2, stopped: 0 } });
  });
});

describe('EGRESS 3.3: its end', () => {
  test('EGRESS 3.3: with flushOnStop all that wait run before done resolves, even if it never started', async () => {
    const { queue: q } = queue();
    const ran: number[] = [];
    for (const n of [1, 2, 3]) q.enqueue(() => void ran.push(n));
    await q.stop();
    expect(ran).toEqual([1, 2, 3]);
  });

  test('EGRESS 3.3: without it the one that runs ends, and none more run', async () => {
    const { queue: q } = queue({ flushOnStop: false });
    const gate = Promise.withResolvers<void>();
    const ran: number[] = [];
    q.start();
    q.enqueue(() => gate.promise.then(() => void ran.push(1)));
    q.enqueue(() => void ran.push(2));
    const done = q.stop();
    gate.resolve();
    await done;
    expect(ran).toEqual([1]);
    expect(q.books).toEqual({ in: 2, run: 1, pending: 0, dropped: { overflow: 0, stopped: 1 } });
  });

  test('EGRESS 3.3: afterwards operations are refused and counted; stopping again is the same stop, and nothing starts it', async () => {
    const { queue: q } = queue();
    const done = q.stop();
    expect(q.stop()).toBe(done);
    await done;
    q.start();
    expect(q.enqueue(() => expect.unreachable())).toBe(false);
    expect(q.books.dropped).toEqual({ overflow: 0, stopped: 1 });
  });

  test('EGRESS 3.3: starting twice starts one worker', async () => {
    const { queue: q } = queue();
    let running = 0;
    let most = 0;
    const operation = async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    };
    q.enqueue(operation);
    q.enqueue(operation);
    q.start();
    q.start();
    await q.stop();
    expect(most).toBe(1);
  });
});
