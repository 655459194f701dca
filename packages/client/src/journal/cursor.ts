/** One sink's way through the journal. It only moves forward, and only by what is settled: nothing is ever put back. HOUSE: the byte's path, step 12. */
import type { Envelope } from '@runnel/protocol';
import type { Row } from './row.ts';
import type { Store } from './store.ts';
import type { Hand } from './trim.ts';

/** `in = out + pending + ` all of `dropped`, over all relays that used the journal. */
export interface CursorBooks {
  readonly in: number;
  /** Acknowledged by the sink. */
  readonly out: number;
  readonly pending: number;
  /** Of those pending: their key fails, and the others go on without them. */
  readonly parked: number;
  /** Those that will not be delivered, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** For how long the oldest that is pending has waited, in milliseconds. */
  readonly oldestMs: number | undefined;
  /** When something was settled last, in milliseconds since 1970. */
  readonly movedAt: number | undefined;
}

export type DropReason =
  /** The oldest had to make room: the journal is bounded in bytes and rows. */
  | 'overflow'
  /** Older than the journal keeps them. */
  | 'age'
  /** The disk was full for longer than memory could hold them. */
  | 'disk_full'
  /** The sink will never take it; it is among the dead. */
  | 'refused'
  /** The sink does not want it. */
  | 'filtered'
  /** Older than it is worth to this sink. */
  | 'expired'
  /** The sink that this one stands in for was not behind. */
  | 'covered'
  /** The journal was in memory when the relay closed. */
  | 'shutdown'
  /** A person deleted it. */
  | 'purged'
  /** Its user took consent back. */
  | 'consent'
  /** The journal's file was damaged there. */
  | 'damaged';

/** What became of envelopes that `read` or `load` gave. */
export interface Settlement {
  /** All up to this number are settled or parked; Infinity: all that were given. */
  readonly settled: number;
  readonly results: readonly Result[];
  /** How many of those delivered were refused for ever after all, nobody knows which. */
  readonly unnamed: number;
  readonly parked: readonly Parked[];
}

export interface Result {
  readonly n: number;
  readonly became: 'delivered' | DropReason;
  /** Where it was refused. */
  readonly burial?: Burial;
}

/** An envelope that its sink refused for ever. */
export interface Burial {
  readonly row: Row;
  readonly reason: string;
  readonly status: number | undefined;
  readonly response: string | undefined;
}

/** An envelope behind one of the same key that fails. */
export interface Parked {
  readonly n: number;
  readonly key: string;
  readonly bytes: number;
}

/** A row that leaves the journal although some sink may have wanted it. */
export interface Deleted {
  readonly n: number;
  readonly reason: DropReason;
}

/** What a cursor needs of its journal. */
export interface Shelf {
  readonly store: Store;
  /** Rows behind `n`, oldest first; calls `damaged` for each that can not be read. */
  after(n: number, max: number, damaged: (n: number) => void): readonly Row[];
  one(n: number): Row | undefined;
  /** Writes what `owed` and the counters say, soon if not now. */
  persist(): void;
  /** A row that the sink has not parked any more. */
  freed(n: number): void;
  /** How much may be read and not settled. */
  hand(): Hand;
  wall(): number;
  /** Whether the journal is: what is settled later is not booked, and comes again. */
  closed(): boolean;
}

type Write = (statements: Store['statements']) => void;

export class Cursor {
  readonly sink: string;
  readonly #shelf: Shelf;
  #settled: number;
  #handed: number;
  /** What was read and is not settled: up to which number a reading went, and its bytes. */
  #readings: { readonly to: number; readonly bytes: number }[] = [];
  #bytesInHand = 0;
  #arrived: number;
  #delivered: number;
  #dropped: Partial<Record<DropReason, number>>;
  #movedAt: number | undefined;
  /** By their numbers; none is behind `settled`, unless the lane has it in hand as well. */
  readonly #parked = new Map<number, Parked>();
  #lost: number[] = [];
  /** Settled, and not booked as long as one before is not. */
  readonly #ahead = new Map<number, Result>();
  #owed: Write[] = [];
  #dirty: boolean;

  constructor(sink: string, shelf: Shelf, from: { settled: number; arrived: number }) {
    this.sink = sink;
    this.#shelf = shelf;
    const { sinks, drops, parked } = shelf.store.statements;
    const row = sinks.all().find((each) => each.sink === sink);
    this.#settled = row ? Number(row.settled) : from.settled;
    this.#arrived = row ? Number(row.arrived) : from.arrived;
    this.#delivered = Number(row?.delivered ?? 0);
    this.#movedAt = row?.moved_at === null ? undefined : (row?.moved_at as number | undefined);
    this.#dropped = Object.fromEntries(drops.all(sink).map(({ reason, count }) => [reason, count]));
    this.#handed = this.#settled;
    this.#dirty = !row;
    for (const each of parked.all(sink) as unknown as readonly Parked[]) this.#parked.set(each.n, each);
    this.#unparkAhead();
  }

  /**
   * The next envelopes, oldest first: at most so many and so many bytes (one larger comes alone), and none while `isFull`. None of them is given again, until the process
   * starts anew.
   */
  read(max: number, maxBytes: number): readonly Row[] {
    if (this.isFull) return [];
    const hand = this.#shelf.hand();
    const most = Math.min(max, hand.envelopes - this.#inHand);
    const mostBytes = Math.min(maxBytes, hand.bytes - this.#bytesInHand);
    const taken: Row[] = [];
    let bytes = 0;
    const damaged = (n: number) => {
      const isNext = this.#settled === this.#handed;
      this.#handed = n;
      if (isNext) this.#settled = n;
      this.#became({ n, became: 'damaged' });
    };
    for (const row of this.#shelf.after(this.#handed, most, damaged)) {
      const { length } = row.envelope.bytes;
      if (taken.length > 0 && bytes + length > mostBytes) break;
      bytes += length;
      taken.push(row);
    }
    const last = taken.at(-1);
    if (last) {
      this.#handed = last.n;
      this.#bytesInHand += bytes;
      this.#readings.push({ to: last.n, bytes });
    }
    return taken;
  }

  /** Whether nothing is read before some of what was is settled. */
  get isFull(): boolean {
    const { envelopes, bytes } = this.#shelf.hand();
    return this.#inHand >= envelopes || this.#bytesInHand >= bytes;
  }

  /** Numbers, not envelopes: where some were dropped it is too many, for as long as it takes to settle what is before them. */
  get #inHand(): number {
    return this.#handed - this.#settled;
  }

  /** Forgets the readings of which all is settled. */
  #letGo(): void {
    const open = this.#readings.findIndex(({ to }) => to > this.#settled);
    for (const { bytes } of this.#readings.splice(0, open < 0 ? this.#readings.length : open))
      this.#bytesInHand -= bytes;
  }

  /** What is parked, oldest first. */
  parked(): readonly Parked[] {
    return [...this.#parked.values()].sort((a, b) => a.n - b.n);
  }

  /** An envelope that is parked; undefined if it had to go since. */
  load(n: number): Row | undefined {
    return this.#shelf.one(n);
  }

  /** Parked envelopes that are gone by no doing of the sink: each is named once. */
  takeLost(): readonly number[] {
    const lost = this.#lost;
    this.#lost = [];
    return lost;
  }

  /**
   * Books what became of envelopes. It is in the file when this returns, unless the disk is full; then it is there as soon as there is room. What is settled
   * ahead of others is booked with them, since after a kill it is sent again.
   */
  settle({ settled, results, unnamed, parked }: Settlement): void {
    if (this.#shelf.closed()) return;
    const before = this.#settled;
    this.#settled = Math.max(before, Math.min(settled, this.#handed));
    this.#letGo();
    this.#movedAt = this.#shelf.wall();
    for (const each of parked) {
      const { n, key, bytes } = each;
      this.#parked.set(n, each);
      this.#owe(({ park }) => park.run(n, this.sink, key, bytes));
    }
    // Nearly always: the front of the queue, delivered.
    const isPlain = this.#ahead.size === 0 && this.#parked.size === 0;
    if (isPlain && results.every(({ n, became }) => n <= this.#settled && became === 'delivered')) {
      this.#delivered += results.length;
    } else {
      for (const result of results) this.#became(result);
      // Not as long as one hangs: there may be many, and they would be gone through with each that is passed over.
      if (this.#settled > before) this.#bookAhead();
    }
    this.#delivered -= unnamed;
    this.drop('refused', unnamed);
    this.#dirty = true;
    this.#shelf.persist();
  }

  #became(result: Result): void {
    if (result.n > this.#settled) this.#ahead.set(result.n, result);
    else this.#book(result);
  }

  #bookAhead(): void {
    for (const [n, result] of this.#ahead) {
      if (n > this.#settled) continue;
      this.#ahead.delete(n);
      this.#book(result);
    }
  }

  #book({ n, became, burial }: Result): void {
    if (became === 'delivered') this.#delivered++;
    else this.drop(became, 1);
    if (burial) this.#owe((statements) => bury(statements, this.sink, burial, this.#shelf.wall()));
    if (!this.#parked.delete(n)) return;
    this.#owe(({ unpark }) => unpark.run(n, this.sink));
    this.#shelf.freed(n);
  }

  #owe(write: Write): void {
    this.#owed.push(write);
    this.#dirty = true;
  }

  get books(): CursorBooks {
    const { pending } = this;
    // Parked ones are held in the order of their numbers, nearly.
    const oldest = Math.min(this.#settled + 1, this.#parked.keys().next().value ?? Number.POSITIVE_INFINITY);
    const at =
      pending > 0 && !this.#shelf.closed()
        ? (this.#shelf.store.statements.receivedAfter.get(oldest - 1)?.at as number)
        : undefined;
    return {
      in: this.#arrived,
      out: this.#delivered,
      pending,
      parked: this.#parked.size,
      dropped: { ...this.#dropped },
      oldestMs: at === undefined ? undefined : Math.max(0, this.#shelf.wall() - at),
      movedAt: this.#movedAt,
    };
  }

  get pending(): number {
    return this.#arrived - this.#delivered - sum(this.#dropped);
  }

  /** Its dead letters that are kept. */
  get dead(): number {
    return this.#shelf.closed() ? 0 : Number(this.#shelf.store.statements.countDeadOf.get(this.sink)?.count);
  }

  get settled(): number {
    return this.#settled;
  }

  /** Whether it is between being read and being settled, so that it can not be taken back. */
  holds(n: number): boolean {
    return n > this.#settled && n <= this.#handed;
  }

  /** Whether the sink is still to get it. */
  wants(n: number): boolean {
    return n > this.#settled || this.#parked.has(n);
  }

  /** The last one that was read. */
  get handed(): number {
    return this.#handed;
  }

  /** Settlements that are not in the file yet. */
  get owed(): number {
    return this.#owed.length;
  }

  /** New envelopes for the sink. */
  arrive(count: number): void {
    this.#arrived += count;
  }

  /** Envelopes that the sink will not get. */
  drop(reason: DropReason, count: number): void {
    if (count === 0) return;
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
    this.#dirty = true;
  }

  /** Writes that rows are deleted, in the transaction that does it: `deleted` is called for each when that is over. */
  writeDeleted({ addDropped, unpark }: Store['statements'], rows: readonly Deleted[]): void {
    const lost = rows.filter(({ n }) => this.#parked.has(n) || n > this.#handed);
    for (const { n } of lost) if (this.#parked.has(n)) unpark.run(n, this.sink);
    for (const [reason, { length }] of Map.groupBy(lost, (row) => row.reason))
      addDropped.run(this.sink, reason, length);
  }

  /** A row is deleted that the sink has not got: counts it if it was to get it. */
  deleted({ n, reason }: Deleted): void {
    if (this.#parked.delete(n)) {
      this.#lost.push(n);
      this.#owe(({ unpark }) => unpark.run(n, this.sink));
      this.drop(reason, 1);
    } else if (n > this.#handed) this.drop(reason, 1);
  }

  /** Forgets what it gave: everything that is not settled is given again. Its lane must have let go of it. */
  takeBack(): void {
    this.#handed = this.#settled;
    this.#readings = [];
    this.#bytesInHand = 0;
    this.#ahead.clear();
    this.#lost = [];
    this.#unparkAhead();
  }

  /** Goes back to another place, with so many envelopes between. Returns how many of them are to be sent once more: not those that were parked, which were still to come. Only right after `takeBack`. */
  rewind(settled: number, between: number): number {
    this.#settled = settled;
    this.#handed = settled;
    const again = between - this.#unparkAhead();
    this.#arrived += again;
    this.#dirty = true;
    this.#shelf.persist();
    return again;
  }

  /** Goes on to another place, with so many envelopes between, which are purged. Only right after `takeBack`. */
  skip(settled: number, between: number): void {
    this.#settled = settled;
    this.#handed = settled;
    this.drop('purged', between);
    this.#dirty = true;
    this.#shelf.persist();
  }

  /** What will be read again waits for its turn there, so that it is not sent from two places. Returns how many. */
  #unparkAhead(): number {
    const ahead = [...this.#parked.keys()].filter((n) => n > this.#settled);
    for (const n of ahead) {
      this.#parked.delete(n);
      this.#owe(({ unpark }) => unpark.run(n, this.sink));
    }
    return ahead.length;
  }

  /** An envelope came back from the dead, and is parked. The file says so already. */
  raised(parked: Parked): void {
    this.#arrived++;
    this.#parked.set(parked.n, parked);
  }

  /** Whether there is something for `write`. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Writes what the file does not say yet, in a transaction of the caller, who calls `written` when it is over. */
  write(statements: Store['statements']): void {
    for (const each of this.#owed) each(statements);
    const { sink } = this;
    statements.setSink.run(sink, this.#settled, this.#arrived, this.#delivered, this.#movedAt ?? null);
    for (const [reason, count] of Object.entries(this.#dropped)) statements.setDropped.run(sink, reason, count);
  }

  written(): void {
    this.#owed = [];
    this.#dirty = false;
  }
}

function bury(
  statements: Store['statements'],
  sink: string,
  { row, reason, status, response }: Burial,
  at: number,
): void {
  const { id, session, relayedVia, receivedAt, bytes } = row.envelope as Envelope;
  statements.bury.run(
    sink,
    row.n,
    session,
    id ?? null,
    relayedVia,
    receivedAt,
    bytes,
    reason,
    status ?? null,
    response ?? null,
    at,
  );
}

const sum = (counts: Readonly<Partial<Record<string, number>>>) =>
  Object.values(counts).reduce<number>((total, n) => total + (n ?? 0), 0);
