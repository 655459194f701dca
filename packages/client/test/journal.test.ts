import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Envelope } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Journal, type JournalOptions, openJournal } from '../src/index.ts';
import { freshPath } from './loop.ts';

const encoder = new TextEncoder();
const envelope = (id: string, bytes = `{"id":"${id}","data":{"n":1.0}}`): Envelope => ({
  id,
  bytes: encoder.encode(bytes),
  session: 'demo',
  relayedVia: 'trickle',
  receivedAt: Date.now(),
});
const envelopes = (count: number, from = 1) => Array.from({ length: count }, (_, at) => envelope(`e${at + from}`));
const position = (segment: number) => ({ channelEpoch: 'c', segment, lines: segment, telemetry: undefined });

function open(options: JournalOptions = {}): { journal: Journal; warnings: string[] } {
  const warnings: string[] = [];
  const journal = openJournal({ keepMs: 0, ...options, onWarning: (sentence) => warnings.push(sentence) });
  onTestFinished(() => journal.close());
  return { journal, warnings };
}

/** The settlement of envelopes that were delivered with everything before them. */
const delivered = (numbers: readonly number[]) => ({
  settled: numbers.at(-1) ?? 0,
  results: numbers.map((n) => ({ n, became: 'delivered' as const })),
  unnamed: 0,
  parked: [],
});

/** Takes and acknowledges what is there; returns the ids. */
function drain(journal: Journal, sink = 'sink', most = Number.POSITIVE_INFINITY): (string | undefined)[] {
  const cursor = journal.cursor(sink);
  const ids: (string | undefined)[] = [];
  while (ids.length < most) {
    const rows = cursor.read(Math.min(100, most - ids.length), 1e9);
    if (rows.length === 0) break;
    ids.push(...rows.map((row) => row.envelope.id));
    cursor.settle(delivered(rows.map(({ n }) => n)));
  }
  return ids;
}
const ids = (count: number, from = 1) => envelopes(count, from).map(({ id }) => id);

/** What a killed process would leave: the files as they are now, under another name. */
function copyOf(path: string): string {
  const copy = freshPath();
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return copy;
}

describe.each([
  ['in a file', true],
  ['in memory', false],
])('a journal %s', (_, inFile) => {
  const where = () => (inFile ? { path: freshPath() } : {});

  test('EGRESS 2.4: gives what was appended, in order, byte for byte, to each sink at its own pace', async () => {
    const { journal } = open(where());
    const odd = [
      envelope('a', '{"id":"a","data":{"x":1.0,"y":12345678901234567890}}'),
      envelope('é\u2028', '{"data":{}}'),
      { ...envelope('x'), id: undefined, relayedVia: 'local' as const },
    ];
    const cursor = journal.cursor('one');
    journal.cursor('two');
    await journal.append('demo', odd, position(1));
    expect(cursor.read(10, 1e9).map((row) => ({ ...row.envelope, bytes: [...row.envelope.bytes] }))).toEqual(
      odd.map((each) => ({ ...each, bytes: [...each.bytes] })),
    );
    expect(cursor.read(10, 1e9)).toEqual([]);
    expect(drain(journal, 'two')).toHaveLength(3);
    expect(journal.cursor('one').books).toMatchObject({ in: 3, out: 0, pending: 3 });
    expect(journal.cursor('two').books).toMatchObject({ in: 3, out: 3, pending: 0 });
  });

  test('EGRESS 2.13, 6.11: over its bounds the oldest leave, for each sink that had not got them, and what is in hand stays', async () => {
    const { journal } = open({ ...where(), maxEnvelopes: 100 });
    const slow = journal.cursor('slow');
    journal.cursor('down');
    await journal.append('demo', envelopes(10), position(1));
    expect(slow.read(5, 1e9)).toHaveLength(5);
    for (let at = 10; at < 300; at += 10) await journal.append('demo', envelopes(10, at + 1), position(at));
    expect(slow.books).toMatchObject({ in: 300, pending: 100, dropped: { overflow: 200 } });
    // The five that `slow` has in hand are kept, and `down` has them to gain.
    expect(journal.cursor('down').books).toMatchObject({ in: 300, pending: 100, dropped: { overflow: 200 } });
    expect(journal.status.rows).toBe(100);
    slow.settle(delivered([1, 2, 3, 4, 5]));
    expect(drain(journal, 'slow')).toEqual(ids(95, 206));
    expect(drain(journal, 'down')).toEqual([...ids(5), ...ids(95, 206)]);
  });

  test('EGRESS 2.13: however much one commit brings, as much leaves', async () => {
    const { journal } = open({ ...where(), maxEnvelopes: 2000 });
    const down = journal.cursor('down');
    for (let at = 0; at < 3; at++) {
      await journal.append('demo', envelopes(4096, at * 4096 + 1), position(at));
      // What was there is dropped; of one commit that is larger than the journal the rest goes with the next tick.
      expect(journal.status.rows).toBeLessThanOrEqual(4096);
    }
    expect(down.books).toMatchObject({ in: 3 * 4096, dropped: { overflow: 3 * 4096 - journal.status.rows } });
  });

  test('EGRESS 2.13: bytes and age are bounds too', async () => {
    const clock = new ManualClock();
    const { journal } = open({ ...where(), clock, maxBytes: 1000, maxAgeMs: 60_000 });
    const cursor = journal.cursor('down');
    const big = (id: string) => ({ ...envelope(id, `{"data":"${'x'.repeat(290)}"}`), receivedAt: clock.wall() });
    for (const id of 'abcd') {
      void journal.append('demo', [big(id)], position(1));
      journal.flush();
    }
    expect(cursor.books).toMatchObject({ in: 4, pending: 3, dropped: { overflow: 1 } });
    clock.advance(61_000);
    expect(cursor.books).toMatchObject({ in: 4, pending: 0, dropped: { overflow: 1, age: 3 } });
    expect(journal.status).toMatchObject({ rows: 0, bytes: 0 });
  });

  test('what all sinks have settled is deleted, and no sooner', async () => {
    const clock = new ManualClock();
    const { journal } = open({ ...where(), clock });
    for (const sink of ['one', 'two']) journal.cursor(sink);
    for (let at = 0; at < 5000; at += 500) void journal.append('demo', envelopes(500, at + 1), position(at));
    journal.flush();
    expect(drain(journal, 'one')).toHaveLength(5000);
    clock.advance(10_000);
    expect(journal.status.rows).toBe(5000);
    expect(drain(journal, 'two', 2500)).toEqual(ids(2500));
    clock.advance(10_000);
    expect(journal.status.rows).toBe(2500);
    expect(drain(journal, 'two')).toEqual(ids(2500, 2501));
    clock.advance(10_000);
    expect(journal.status).toMatchObject({ rows: 0, bytes: 0 });
  });

  test('a sink that comes later begins with what comes from now on, or where it is told to with the oldest', async () => {
    const now = open(where()).journal;
    const all = open({ ...where(), newSink: 'oldest' }).journal;
    for (const journal of [now, all]) {
      journal.cursor('first');
      await journal.append('demo', envelopes(3), position(1));
      journal.cursor('second');
      await journal.append('demo', envelopes(2, 4), position(2));
    }
    expect(drain(now, 'second')).toEqual(ids(2, 4));
    expect(drain(all, 'second')).toEqual(ids(5));
    expect(all.cursor('second').books).toMatchObject({ in: 5, out: 5, pending: 0 });
  });
});

describe('what was committed', () => {
  test('EGRESS 2.14, 6.1: is there after the process was killed, with the position and the books behind it', async () => {
    const path = freshPath();
    const { journal } = open({ path });
    journal.cursor('sink');
    await journal.append('demo', envelopes(300), position(7), { lines: 300 });
    expect(drain(journal, 'sink', 100)).toEqual(ids(100));
    const { journal: again } = open({ path: copyOf(path) });
    expect(again.session('demo')).toEqual({ position: position(7), books: { lines: 300 } });
    expect(again.cursor('sink').books).toMatchObject({ in: 300, out: 100, pending: 200 });
    expect(drain(again)).toEqual(ids(200, 101));
  });

  test('is what was appended, also where neighbours differ in session, way or time', async () => {
    const path = freshPath();
    const { journal } = open({ path });
    journal.cursor('sink');
    const all = envelopes(100).map((each, at) => ({
      ...each,
      id: at % 7 === 0 ? undefined : each.id,
      session: at < 40 ? 'demo' : 'other',
      relayedVia: at < 70 ? ('trickle' as const) : ('local' as const),
      receivedAt: at < 90 ? 1_700_000_000_000 : 1_700_000_000_000 + at,
    }));
    await journal.append('demo', all, position(1));
    const { journal: again } = open({ path: copyOf(path) });
    const rows = again.cursor('sink').read(1000, 1e9);
    expect(rows.map(({ n }) => n)).toEqual(all.map((_, at) => at + 1));
    expect(rows.map(({ envelope }) => ({ ...envelope, bytes: [...envelope.bytes] }))).toEqual(
      all.map((each) => ({ ...each, bytes: [...each.bytes] })),
    );
  });

  test('EGRESS 2.14, R2: is within 25 ms, or by 4,096, or with each append where that is asked for', async () => {
    const clock = new ManualClock();
    const path = freshPath();
    const { journal } = open({ path, clock });
    const cursor = journal.cursor('sink');
    void journal.append('demo', envelopes(255), position(1));
    clock.advance(25);
    expect(cursor.books.in).toBe(255);
    void journal.append('demo', envelopes(4096), position(2));
    expect(cursor.books.in).toBe(4351);
    const each = open({ path: freshPath(), clock, commitEnvelopes: 1 }).journal;
    each.cursor('sink');
    void each.append('demo', envelopes(1), position(1));
    expect(each.cursor('sink').books.in).toBe(1);
  });

  test('numbers are never given twice, also when everything was deleted', async () => {
    const path = freshPath();
    const first = openJournal({ path, keepMs: 0 });
    first.cursor('sink');
    await first.append('demo', envelopes(2000), position(1));
    drain(first);
    first.close();
    const { journal } = open({ path });
    await journal.append('demo', envelopes(2, 2001), position(2));
    expect(drain(journal)).toEqual(ids(2, 2001));
  });

  test('EGRESS 2.9: the dead are kept with reason, status and answer', async () => {
    const path = freshPath();
    const { journal } = open({ path });
    const cursor = journal.cursor('sink');
    await journal.append('demo', envelopes(1), position(1));
    const [row] = cursor.read(1, 1e9);
    if (!row) throw new Error('nothing to read');
    const burial = { row, reason: 'ugly', status: 400, response: 'no' };
    cursor.settle({ settled: 1, results: [{ n: 1, became: 'refused', burial }], unnamed: 0, parked: [] });
    const reader = new DatabaseSync(path, { readOnly: true });
    expect(reader.prepare('SELECT sink, id, reason, status, response FROM dead').all()).toMatchObject([
      { sink: 'sink', id: 'e1', reason: 'ugly', status: 400, response: 'no' },
    ]);
    reader.close();
    expect(cursor.books).toMatchObject({ in: 1, out: 0, pending: 0, dropped: { refused: 1 } });
  });

  test('EGRESS 3.18: what is parked stays parked over a restart, and its rows stay until it is settled', async () => {
    const path = freshPath();
    const first = openJournal({ path, keepMs: 0 });
    const cursor = first.cursor('sink');
    await first.append('demo', envelopes(2000), position(1));
    cursor.read(2000, 1e9);
    const parked = [5, 7].map((n) => ({ n, key: 'k', bytes: 30 }));
    const others = Array.from({ length: 2000 }, (_, at) => at + 1).filter((n) => n !== 5 && n !== 7);
    cursor.settle({ ...delivered(others), parked });
    first.close();
    const clock = new ManualClock();
    const { journal } = open({ path, clock });
    const again = journal.cursor('sink');
    clock.advance(5000);
    expect(again.parked()).toEqual(parked);
    expect(journal.status.rows).toBe(2);
    expect([again.load(5)?.envelope.id, again.load(6), again.load(7)?.envelope.id]).toEqual(['e5', undefined, 'e7']);
    expect(again.books).toMatchObject({ in: 2000, out: 1998, pending: 2 });
    again.settle(delivered([5, 7]));
    clock.advance(5000);
    expect([again.books.pending, journal.status.rows]).toEqual([0, 0]);
  });
});

test('EGRESS 6.1: what is settled ahead of others is booked with them, and after a kill it is sent again', async () => {
  const path = freshPath();
  const { journal } = open({ path });
  const cursor = journal.cursor('sink');
  await journal.append('demo', envelopes(4), position(1));
  cursor.read(4, 1e9);
  cursor.settle({ ...delivered([2, 3]), settled: 0 });
  expect(cursor.books).toMatchObject({ in: 4, out: 0, pending: 4 });
  const { journal: killed } = open({ path: copyOf(path) });
  expect(killed.cursor('sink').books).toMatchObject({ in: 4, out: 0, pending: 4 });
  expect(drain(killed)).toEqual(ids(4));
  cursor.settle({ ...delivered([1]), settled: 3 });
  expect(cursor.books).toMatchObject({ in: 4, out: 3, pending: 1 });
});

describe('EGRESS 2.16, 6.19: two relays on one journal', () => {
  test('EGRESS 2.16, 6.19: the second gets a clear error, a reader does not, and the lock goes with the first', () => {
    const path = freshPath();
    const first = openJournal({ path });
    expect(() => openJournal({ path })).toThrow(
      expect.objectContaining({
        code: 'invalid',
        message: expect.stringContaining(`another relay uses the journal ${path}: stop it`),
      }),
    );
    const reader = new DatabaseSync(path, { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS count FROM envelopes').get()).toEqual({ count: 0 });
    reader.close();
    first.close();
    openJournal({ path }).close();
  });

  test('a folder that is missing is an error that says so', () => {
    expect(() => openJournal({ path: '/nowhere/at/all/journal.db' })).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('folder') }),
    );
  });
});

describe('EGRESS 6.2: a torn, spliced or corrupt journal', () => {
  /** A closed journal of 3,000 envelopes of which the sink has had 1,000. */
  async function filled(): Promise<string> {
    const path = freshPath();
    const journal = openJournal({ path, keepMs: 0 });
    journal.cursor('sink');
    for (let at = 0; at < 3000; at += 250) await journal.append('demo', envelopes(250, at + 1), position(at));
    drain(journal, 'sink', 1000);
    journal.close();
    return path;
  }

  test.each([
    [
      'garbage',
      (path: string) => writeFileSync(path, 'this is no database, it is a text of some length. '.repeat(100)),
    ],
    [
      'another database',
      (path: string) => {
        writeFileSync(path, '');
        const db = new DatabaseSync(path);
        db.exec('CREATE TABLE theirs (x)');
        db.close();
      },
    ],
    ['a head alone', (path: string) => truncateSync(path, 100)],
  ])('EGRESS 2.15, 6.2: %s is moved aside with a message, and the process starts', async (_, damage) => {
    const path = await filled();
    damage(path);
    const damaged = readFileSync(path);
    const { journal, warnings } = open({ path });
    const aside = readdirSync(dirname(path)).find((name) => name.includes('.damaged-'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${dirname(path)}/${aside}`);
    expect(readFileSync(`${dirname(path)}/${aside}`).subarray(0, 50)).toEqual(damaged.subarray(0, 50));
    await journal.append('demo', envelopes(1), position(1));
    expect(journal.status.rows).toBe(1);
  });

  test('EGRESS 2.15: a missing and an empty file are new journals', () => {
    const path = freshPath();
    writeFileSync(path, '');
    expect(open({ path }).warnings).toEqual([]);
  });

  test('EGRESS 2.15, 6.2: of a file that is cut, what is left is delivered, and what is lost is counted', async () => {
    const whole = new Set(ids(3000));
    const path = await filled();
    truncateSync(path, Math.floor(readFileSync(path).length * 0.7));
    const { journal, warnings } = open({ path });
    const before = journal.cursor('sink').books;
    const got = drain(journal);
    const { pending, dropped } = journal.cursor('sink').books;
    expect(warnings[0]).toMatch(/\d+ events .* were read from it, (\d+|an unknown number) are lost/);
    expect(got.every((id) => whole.has(id))).toBe(true);
    expect(got.length).toBeGreaterThan(0);
    expect(pending).toBe(0);
    if (before.out === 1000) expect(got.length + (dropped.damaged ?? 0)).toBe(2000);
  });

  test('EGRESS 2.15, 6.2: of a file with flipped bytes every envelope that can be read is delivered, and the process starts', async () => {
    const path = await filled();
    const whole = readFileSync(path);
    for (let round = 0; round < 12; round++) {
      const bytes = Buffer.from(whole);
      for (let flips = 0; flips < 20; flips++) {
        const at = Math.floor(((round * 20 + flips) / 240) * bytes.length);
        bytes[at] = (bytes[at] as number) ^ 0xff;
      }
      const copy = freshPath();
      writeFileSync(copy, bytes);
      const { journal } = open({ path: copy });
      const got = drain(journal);
      // The first flips hit the head, without which SQLite reads nothing.
      if (round > 0) expect(got.length).toBeGreaterThan(0);
      expect(journal.cursor('sink').books.pending).toBe(0);
      await journal.append('demo', envelopes(1, 9999), position(1));
      expect(drain(journal)).toEqual(['e9999']);
    }
  });
});

describe('EGRESS 6.4: a full disk', () => {
  test('EGRESS 6.4: what cannot be written waits in memory to a bound, the oldest beyond it are counted, and it resumes by itself', async () => {
    const clock = new ManualClock();
    const path = freshPath();
    const { journal, warnings } = open({ path, clock, maxWaiting: 20 });
    const cursor = journal.cursor('sink');
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    let committed = 0;
    for (let at = 0; at < 10; at++) {
      void journal.append('demo', envelopes(5, at * 5 + 1), position(at)).then(() => committed++);
      if (at === 0) clock.advance(25);
    }
    expect(journal.status).toMatchObject({ waiting: 20, error: expect.stringContaining('locked') });
    expect(cursor.books).toMatchObject({ in: 30, pending: 0, dropped: { disk_full: 30 } });
    other.exec('ROLLBACK');
    clock.advance(1000);
    expect(journal.status).toMatchObject({ waiting: 0, error: undefined });
    expect(cursor.books).toMatchObject({ in: 50, pending: 20, dropped: { disk_full: 30 } });
    expect(drain(journal)).toEqual(ids(20, 31));
    await Promise.resolve();
    expect(committed).toBe(10);
    expect(warnings).toEqual([
      expect.stringContaining('can not be written'),
      expect.stringContaining('can be written again'),
    ]);
    expect(journal.session('demo')?.position).toEqual(position(9));
  });

  test('once it can be written again the error is gone, also when nothing more comes', () => {
    const clock = new ManualClock();
    const path = freshPath();
    const { journal } = open({ path, clock });
    const cursor = journal.cursor('sink');
    void journal.append('demo', envelopes(3), position(1));
    clock.advance(25);
    const rows = cursor.read(3, 1e9);
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    cursor.settle(delivered(rows.map(({ n }) => n)));
    expect(journal.status.error).toContain('locked');
    other.exec('ROLLBACK');
    clock.advance(1000);
    expect(journal.status.error).toBeUndefined();
  });
});

test('what only a sink had parked that is forgotten leaves the journal, what another has parked as well does not', async () => {
  const clock = new ManualClock();
  const { journal } = open({ path: freshPath(), clock });
  const cursors = [journal.cursor('one'), journal.cursor('two')];
  void journal.append('demo', envelopes(10), position(1));
  clock.advance(25);
  for (const [at, cursor] of cursors.entries()) {
    const rows = cursor.read(10, 1e9);
    const parked = rows.slice(0, 4 - at).map(({ n }) => ({ n, key: 'k', bytes: 10 }));
    const results = rows.slice(parked.length).map(({ n }) => ({ n, became: 'delivered' as const }));
    cursor.settle({ settled: 10, results, unnamed: 0, parked });
  }
  clock.advance(1000);
  expect(journal.status.rows).toBe(4);
  journal.forget('one');
  expect(journal.status.rows).toBe(3);
  expect(drainParked(journal, 'two')).toEqual(ids(3));
});

const drainParked = (journal: Journal, sink: string) => {
  const cursor = journal.cursor(sink);
  return cursor.parked().map(({ n }) => cursor.load(n)?.envelope.id);
};
