import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Books } from './books.ts';
import { content, linesPlan, lineText, type Plan, segmentsPlan } from './script.ts';
import { verdictOf } from './verdict.ts';

const plan: Plan = { kind: 'bytes', sizes: [10, 0, 20, 30], steps: [] };

function segment(seq: number, index: number, size: number, more: object = {}) {
  const sha256 = createHash('sha256').update(content(index, size)).digest('hex');
  return { segment: { seq, size, sha256, ...(size > 0 && { index }), ...more } };
}

function booksOf(...events: object[]): Books {
  const books = new Books(plan);
  for (const event of events) books.received({ ...event });
  return books;
}

describe('the books of a run', () => {
  it('are exact when every segment came once and in order, the empty one too', () => {
    const books = booksOf(segment(7, 0, 10), segment(8, 1, 0), segment(9, 2, 20), segment(10, 3, 30));
    expect(books.account()).toMatchObject({ arrived: 4, bytes: 60, missing: [] });
    expect(verdictOf(books.account())).toBe('exact');
  });

  it('tell a loss that somebody knows of from one that nobody does', () => {
    const silent = booksOf(segment(0, 0, 10), segment(1, 1, 0), segment(3, 3, 30));
    expect(verdictOf(silent.account())).toBe('silent');

    const skipped = booksOf(segment(0, 0, 10), segment(1, 1, 0), segment(3, 3, 30), {
      done: { end: 'ended', skipped: 1 },
    });
    expect(verdictOf(skipped.account())).toBe('reported');

    const refused = booksOf(segment(0, 0, 10), segment(1, 1, 0), segment(3, 3, 30));
    refused.published({ failed: { from: 2, to: 2, reason: 'status 409' } });
    expect(verdictOf(refused.account())).toBe('reported');
  });

  it('count a part of a segment as missing, and as known where the subscriber was told', () => {
    const rest = [segment(1, 1, 0), segment(2, 2, 20), segment(3, 3, 30)];
    expect(verdictOf(booksOf(segment(0, 0, 5), ...rest).account())).toBe('silent');
    expect(verdictOf(booksOf(segment(0, 0, 5, { aborted: true }), ...rest).account())).toBe('reported');
  });

  it('take a JSONL writer at its word when it knows how many lines it lost', () => {
    const books = new Books({ kind: 'jsonl', sizes: [40, 40], steps: [] });
    books.received({ line: { seq: 0, text: lineText(0, 40) } });
    books.published({ done: { linesUnacknowledged: 3 } });
    expect(books.account().unacknowledged).toBe(1);
    expect(verdictOf(books.account())).toBe('reported');
  });

  it('take what comes again as a replay where the subscriber says that it begins again, without an epoch that would tell', () => {
    const again = (more: object) =>
      booksOf(segment(5, 0, 10), segment(7, 2, 20), segment(6, 1, 0, more), segment(7, 2, 20), segment(8, 3, 30));
    const told = again({ discontinuity: true }).account();
    expect(told).toMatchObject({ missing: [], replayed: 1, duplicates: 0, disorder: 0 });
    expect(again({ discontinuity: true, epoch: '0a1b2c3d' }).account()).toMatchObject({ duplicates: 1, disorder: 1 });
    expect(again({}).account()).toMatchObject({ duplicates: 1, disorder: 1 });
  });

  it.each([
    ['a byte nobody wrote', [{ segment: { seq: 0, size: 10, sha256: 'x', index: 0 } }]],
    ['a segment twice', [segment(0, 0, 10), segment(0, 0, 10)]],
    ['segments out of order', [segment(2, 2, 20), segment(0, 0, 10)]],
  ])('are broken by %s', (_, events) => {
    expect(verdictOf(booksOf(...events).account())).toBe('broken');
  });

  it('take what comes again after a restart for a replay, until something new comes', () => {
    const books = booksOf(segment(0, 0, 10), segment(1, 1, 0));
    books.restarted();
    for (const event of [segment(0, 0, 10), segment(2, 2, 20), segment(3, 3, 30)]) books.received(event);
    expect(books.account()).toMatchObject({ replayed: 1, duplicates: 0, missing: [] });
    books.received(segment(3, 3, 30));
    expect(books.account().duplicates).toBe(1);
  });

  it('know a line by its number and its length, with spaces or without', () => {
    const books = new Books({ kind: 'jsonl', sizes: [40, 40], steps: [] });
    books.received({ line: { seq: 0, text: lineText(0, 40) } });
    books.received({ line: { seq: 0, text: JSON.stringify(JSON.parse(lineText(1, 40))).replaceAll(':', ': ') } });
    expect(verdictOf(books.account())).toBe('exact');
    books.received({ line: { seq: 0, text: '{"n":1,"pad":"xx"}' } });
    expect(verdictOf(books.account())).toBe('broken');
  });
});

describe('a plan', () => {
  it('is the same for the same seed, from empty to 2 MiB, with every size in its steps', () => {
    const segments = segmentsPlan(3, 1000);
    expect(segmentsPlan(3, 1000)).toEqual(segments);
    expect([Math.min(...segments.sizes), Math.max(...segments.sizes)]).toEqual([0, 2 * 1024 * 1024]);
    const written = segments.steps.map(([step]) =>
      step && 'segment' in step ? step.segment.pieces.reduce((sum, piece) => sum + piece, 0) : -1,
    );
    expect(written).toEqual(segments.sizes);
    expect(linesPlan(4, 50)).not.toEqual(linesPlan(5, 50));
  });
});
