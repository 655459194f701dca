/** The journal's books while rows are parked, sent again or deleted, and after a kill at that moment. EGRESS section 6. */
import { copyFileSync, existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Envelope } from '@runnel/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askJournal, type Journal, type JournalOptions, openJournal, openReader } from '../src/index.ts';
import { carryOut } from '../src/journal/request.ts';
import { freshPath } from './loop.ts';

const envelope = (n: number): Envelope => ({
  id: `e${n}`,
  bytes: new TextEncoder().encode(`{"id":"e${n}"}`),
  session: 'demo',
  relayedVia: 'trickle',
  receivedAt: Date.now(),
});
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, at) => at + from);

function open(options: JournalOptions): Journal {
  const journal = openJournal({ onWarning: () => {}, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

const append = (journal: Journal, count: number, from = 1) => {
  const position = { channelEpoch: 'c', segment: from, lines: count, telemetry: undefined };
  return journal.append('demo', numbers(count, from).map(envelope), position, {
    telemetry: { in: from + count - 1, relayed: from + count - 1 },
  });
};

interface Became {
  readonly settled: number;
  readonly delivered?: readonly number[];
  readonly parked?: readonly number[];
}
const settlement = ({ settled, delivered = [], parked = [] }: Became) => ({
  settled,
  results: delivered.map((n) => ({ n, became: 'delivered' as const })),
  unnamed: 0,
  parked: parked.map((n) => ({ n, key: 'k', bytes: 10 })),
});

/** All that a lane would send now: what is parked, and what is read, which it acknowledges. */
function drain(journal: Journal): number[] {
  const cursor = journal.cursor('sink');
  const sent = cursor.parked().map(({ n }) => n);
  cursor.settle(settlement({ settled: cursor.settled, delivered: sent }));
  for (let rows = cursor.read(10, 1e9); rows.length > 0; rows = cursor.read(10, 1e9)) {
    const read = rows.map(({ n }) => n);
    sent.push(...read);
    cursor.settle(settlement({ settled: read.at(-1) as number, delivered: read }));
  }
  return sent;
}

function ledger(path: string) {
  const reader = openReader(path);
  try {
    return reader.ledger();
  } finally {
    reader.close();
  }
}

/** What a killed process would leave. */
function copyOf(path: string): string {
  const copy = freshPath();
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return copy;
}

describe('rows that are deleted before a sink had them', () => {
  test('EGRESS 2.13, 2.14: are counted in the transaction that deletes them, also where the process is killed right then', async () => {
    const path = freshPath();
    const journal = open({ path, maxEnvelopes: 10, commitEnvelopes: 1 });
    const cursor = journal.cursor('sink');
    await append(journal, 5);
    cursor.read(2, 1e9);
    cursor.settle(settlement({ settled: 2, delivered: [1], parked: [2] }));
    await append(journal, 45, 6);
    expect(ledger(path)).toMatchObject({
      balances: true,
      sinks: [{ in: 50, out: 1, pending: 10, parked: 0, dropped: { overflow: 39 } }],
    });
    expect(cursor.books).toMatchObject({ in: 50, out: 1, pending: 10, dropped: { overflow: 39 } });
  });

  test('EGRESS 1.23: so are those of a user who takes consent back, a piece at a time', async () => {
    const path = freshPath();
    const journal = open({ path });
    journal.cursor('sink');
    await append(journal, 2500);
    const removed = journal.removeWhere(() => true, 'consent');
    await setImmediate();
    expect(ledger(path)).toMatchObject({ balances: true });
    expect(await removed).toBe(2500);
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ pending: 0, dropped: { consent: 2500 } }] });
  });
});

describe('rows that are parked further on than the cursor is', () => {
  /** Twenty, of which the first five are still in hand and the next ten parked. */
  async function parkedAhead(path: string) {
    const journal = open({ path });
    const cursor = journal.cursor('sink');
    await append(journal, 20);
    cursor.read(15, 1e9);
    cursor.settle(settlement({ settled: 0, parked: numbers(10, 6) }));
    return { journal, cursor };
  }

  test('EGRESS 6.1: are sent once after a kill, with those in hand, and the books balance', async () => {
    const path = freshPath();
    await parkedAhead(path);
    const copy = copyOf(path);
    const again = open({ path: copy });
    expect(drain(again)).toEqual(numbers(20));
    expect(again.cursor('sink').books).toMatchObject({ in: 20, out: 20, pending: 0, parked: 0 });
    again.flush();
    again.close();
    expect(ledger(copy)).toMatchObject({ balances: true, sinks: [{ out: 20, pending: 0 }] });
  });

  test('EGRESS 6.1: are booked with those before them', async () => {
    const path = freshPath();
    const { cursor } = await parkedAhead(path);
    cursor.settle(settlement({ settled: 0, delivered: [6, 7] }));
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ out: 0, pending: 20 }] });
    cursor.settle(settlement({ settled: 15, delivered: numbers(5) }));
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ out: 7, pending: 13, parked: 8 }] });
  });
});

describe('what is sent again', () => {
  test('of a backlog with parked rows comes once, in order', async () => {
    const path = freshPath();
    const journal = open({ path });
    const cursor = journal.cursor('sink');
    await append(journal, 40);
    cursor.read(40, 1e9);
    const parked = numbers(25, 6);
    cursor.settle(settlement({ settled: 40, delivered: [...numbers(5), ...numbers(10, 31)], parked }));
    journal.close();
    expect(await askJournal(path, { kind: 'replay', sink: 'sink', from: 1 })).toBe(15);
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ in: 55, out: 15, pending: 40 }] });
    const again = open({ path });
    expect(drain(again)).toEqual(numbers(40));
    expect(again.cursor('sink').books).toMatchObject({ in: 55, out: 55, pending: 0 });
  });

  test('is what is kept: not what memory still holds of rows that were deleted', async () => {
    const journal = open({});
    const cursor = journal.cursor('sink');
    await append(journal, 2000);
    cursor.read(2000, 1e9);
    cursor.settle(settlement({ settled: 2000, delivered: numbers(1999, 2), parked: [1] }));
    expect(journal.status.rows).toBeLessThan(2000);
    await carryOut({ kind: 'replay', sink: 'sink', from: 1 }, journal, new Map());
    const { pending } = cursor.books;
    expect(drain(journal)).toHaveLength(pending);
    expect(cursor.books.pending).toBe(0);
  });

  test('of the dead comes once where the cursor is yet to pass it, and to other sinks only if the row was gone', async () => {
    const path = freshPath();
    const journal = open({ path, maxEnvelopes: 10, commitEnvelopes: 1 });
    const cursor = journal.cursor('sink');
    const other = journal.cursor('other');
    await append(journal, 10);
    // As often as it takes: so small a journal lets a lane have only a few in hand.
    for (let rows = cursor.read(10, 1e9); rows.length > 0; rows = cursor.read(10, 1e9)) {
      const refused = rows.map((row) => ({
        n: row.n,
        became: 'refused' as const,
        burial: { row, reason: 'no', status: 400, response: undefined },
      }));
      cursor.settle({ settled: Number.POSITIVE_INFINITY, results: refused, unnamed: 0, parked: [] });
    }
    await append(journal, 5, 11);
    expect(other.books).toMatchObject({ in: 15, pending: 10, dropped: { overflow: 5 } });
    await carryOut({ kind: 'replay', sink: 'sink', from: 8 }, journal, new Map());
    expect(await carryOut({ kind: 'replay_dead', sink: 'sink' }, journal, new Map())).toBe(10);
    expect(ledger(path)).toMatchObject({ balances: true });
    const sent = drain(journal);
    expect(new Set(sent).size).toBe(sent.length);
    expect(cursor.books.pending).toBe(0);
  });
});
