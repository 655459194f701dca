/**
 * What PROTOCOL.md sections 2-4 say of one channel, as a pure state machine: an operation goes in, what every request must have been told
 * by then comes out. It knows nothing of frames, sockets or timers; time is a number that `advance` moves from one due thing to the next.
 */
import type { Operation } from './operations.ts';

/** The settings that matter to one channel; milliseconds and counts. */
export interface ModelSettings {
  readonly autocreate: boolean;
  readonly window: number;
  readonly keepMs: number;
  readonly holeMs: number;
  readonly resumeMs: number;
  readonly lingerMs: number;
  readonly tombstoneMs: number;
  readonly idleTimeoutMs: number;
}

/** What a request has been told. A status of 0: nothing yet. */
export interface Told {
  status: number;
  bytes: string;
  done: boolean;
  closed: boolean;
  skipped: boolean;
  /** Said in the head; a trailer cannot be seen through fetch. */
  aborted: boolean;
  seq: number | undefined;
}

interface ModelSegment {
  bytes: string;
  state: 'fresh' | 'open' | 'closed' | 'aborted';
  writers: Set<number>;
  readers: Set<number>;
  endedWell: boolean;
  /** When it is given up, for one that no writer writes or that ended well under one of several. */
  due: number;
  finishedAt: number;
}

interface Life {
  head: number;
  segments: Map<number, ModelSegment>;
  jumps: { from: number; to: number; at: number }[];
  evicted: number;
  touchedAt: number;
}

export class Model {
  readonly settings: ModelSettings;
  now = 0;
  life: Life | undefined;
  /** A closed life that can still be read, and until when. */
  lingering: { life: Life; until: number } | undefined;
  tombstoneUntil = 0;
  readonly readers = new Map<number, Told>();
  readonly writers = new Map<number, Told & { segment: ModelSegment | undefined; at: number }>();
  /** The status of the newest create, delete or close. */
  lastStatus = 0;

  constructor(settings: ModelSettings) {
    this.settings = settings;
  }

  /** Writers whose body can still go on. */
  get openWriters(): number[] {
    return [...this.writers].filter(([, told]) => told.status === 0).map(([id]) => id);
  }

  /** Readers that have not been told everything. */
  get openReaders(): number[] {
    return [...this.readers].filter(([, told]) => !told.done).map(([id]) => id);
  }

  apply(operation: Operation): void {
    const { kind } = operation;
    if (kind === 'create') this.#create();
    else if (kind === 'post') this.#post(operation.id, operation.seq, operation.reset);
    else if (kind === 'write') this.#write(operation.id, operation.bytes);
    else if (kind === 'end') this.#end(operation.id);
    else if (kind === 'abort') this.#leave(operation.id, false);
    else if (kind === 'get') this.#get(operation.id, operation.seq);
    else if (kind === 'cancel') this.#cancel(operation.id);
    else if (kind === 'close') this.#closeSegment(operation.seq);
    else if (kind === 'delete') this.#delete();
    else this.#advance(operation.ms);
  }

  #create(): void {
    if (!this.life && !this.settings.autocreate) {
      this.lastStatus = 404;
      return;
    }
    this.lastStatus = 200;
    if (!this.life) this.#begin();
  }

  #begin(): void {
    this.lingering = undefined;
    this.tombstoneUntil = 0;
    this.life = emptyLife(this.now);
  }

  #post(id: number, asked: number, reset: boolean): void {
    const told = { ...nothing(), segment: undefined, at: -1 };
    this.writers.set(id, told);
    const refuse = (status: number, closed = false) => Object.assign(told, { status, closed, done: true });
    if (asked < -1) return void refuse(400);
    if (!this.life) {
      if (this.lingering || this.now < this.tombstoneUntil) return void refuse(404, true);
      if (!this.settings.autocreate) return void refuse(404);
      this.#begin();
    }
    let life = this.life as Life;
    const at = asked === -1 ? life.head : asked;
    if (this.#isGone(life, at)) {
      const counts = at === 0 || at < life.head - this.settings.window;
      if (!counts || !this.#isQuiet(life)) return void refuse(409);
      life = this.#restart(life);
    }
    const segment = this.#segmentAt(life, at);
    segment.writers.add(id);
    if (segment.state === 'open' && !segment.endedWell) segment.due = Number.POSITIVE_INFINITY;
    Object.assign(told, { segment, at });
    if (reset) for (const seq of below(life, at)) this.#close(life, seq);
  }

  /** Finished, or left the window, or released. */
  #isGone(life: Life, at: number): boolean {
    const segment = life.segments.get(at);
    if (segment) return isFinished(segment);
    return at < life.head && !this.#isHole(life, at);
  }

  #isQuiet(life: Life): boolean {
    const writing = [...life.segments.values()].some((segment) => segment.writers.size > 0);
    return !writing && this.now - life.touchedAt >= this.settings.resumeMs;
  }

  #restart(life: Life): Life {
    for (const segment of life.segments.values()) {
      for (const id of segment.readers) {
        const told = this.#reader(id);
        if (told.status === 0) Object.assign(told, { status: 470, done: true });
        else told.done = true;
      }
    }
    this.life = emptyLife(this.now);
    return this.life;
  }

  #write(id: number, bytes: string): void {
    const { segment, at } = this.#writer(id);
    const life = this.life as Life;
    if (!segment) return;
    life.touchedAt = this.now;
    if (segment.state === 'fresh') {
      segment.state = 'open';
      this.#pass(life, at);
    }
    for (const seq of below(life, at)) {
      const earlier = life.segments.get(seq);
      if (earlier?.endedWell) this.#finish(life, seq, 'closed');
      else if (earlier?.state === 'open' && earlier.writers.size === 0) this.#finish(life, seq, 'aborted');
    }
    segment.bytes += bytes;
    if (segment.endedWell) segment.due = this.now + this.settings.resumeMs;
    for (const reader of segment.readers) this.#hand(reader, at, bytes);
  }

  #end(id: number): void {
    const told = this.#writer(id);
    Object.assign(told, { status: 200, done: true, seq: told.at });
    this.#leave(id, true);
  }

  #leave(id: number, well: boolean): void {
    const told = this.#writer(id);
    const { segment, at } = told;
    told.done = true;
    if (told.status === 0) told.status = -1;
    const life = this.life;
    if (!segment || !life || isFinished(segment)) return;
    segment.writers.delete(id);
    segment.endedWell ||= well;
    if (segment.writers.size === 0 && segment.endedWell) this.#finish(life, at, 'closed');
    else if (segment.endedWell || (segment.writers.size === 0 && segment.state === 'open'))
      segment.due = this.now + this.settings.resumeMs;
    forgetIfUnused(life, at, segment);
  }

  #get(id: number, asked: number): void {
    const told = nothing();
    this.readers.set(id, told);
    const life = this.life ?? this.lingering?.life;
    const answer = (status: number, more: Partial<Told> = {}) => Object.assign(told, { status, done: true, ...more });
    if (!life) return void answer(404);
    const at = this.#resolve(life, asked);
    const segment = life.segments.get(at);
    if (segment && isFinished(segment)) {
      const aborted = segment.state === 'aborted';
      return void answer(200, { bytes: segment.bytes, seq: at, aborted });
    }
    if (!segment && !this.life && at >= life.head) return void answer(200, { closed: true, seq: at });
    if (!segment && this.#isReleased(life, at)) return void answer(200, { skipped: true, seq: at });
    const mayWait = at === life.head || (at === 1 && life.head === 0) || this.#isHole(life, at);
    if (!segment && !mayWait) return void answer(470);
    const joined = this.#segmentAt(life, at);
    joined.readers.add(id);
    if (joined.bytes !== '') this.#hand(id, at, joined.bytes);
  }

  #resolve(life: Life, asked: number): number {
    if (asked >= 0) return asked;
    if (asked === -1) return life.head;
    return Math.max(life.head + asked + 1, Math.min(life.head, ...kept(life)));
  }

  /** Inside the window, below the head, never written, not yet released. */
  #isHole(life: Life, at: number): boolean {
    return this.#inWindow(life, at) && life.jumps.some((jump) => at >= jump.from && at < jump.to);
  }

  #isReleased(life: Life, at: number): boolean {
    return this.#inWindow(life, at) && !this.#isHole(life, at);
  }

  #inWindow(life: Life, at: number): boolean {
    if (at >= life.head || at <= life.evicted || life.segments.has(at)) return false;
    return at >= Math.min(...kept(life), life.head - this.settings.window);
  }

  #cancel(id: number): void {
    const told = this.#reader(id);
    if (told.status === 0) told.status = -1;
    told.done = true;
    const life = this.life ?? this.lingering?.life;
    for (const [seq, segment] of life?.segments ?? []) {
      segment.readers.delete(id);
      if (life) forgetIfUnused(life, seq, segment);
    }
  }

  #closeSegment(at: number): void {
    const life = this.life ?? this.lingering?.life;
    const segment = life?.segments.get(at);
    this.lastStatus = !life ? 404 : segment ? 200 : 400;
    if (life && segment) this.#close(life, at);
  }

  /** What a client ends: closed, unless its writers died. */
  #close(life: Life, at: number): void {
    const segment = life.segments.get(at);
    const died = segment?.state === 'open' && segment.writers.size === 0 && !segment.endedWell;
    this.#finish(life, at, died ? 'aborted' : 'closed');
  }

  #delete(): void {
    this.lastStatus = this.life ? 200 : 400;
    if (this.life) this.#endLife(this.life);
  }

  #endLife(life: Life): void {
    this.life = undefined;
    life.jumps = [];
    this.lingering = this.settings.lingerMs > 0 ? { life, until: this.now + this.settings.lingerMs } : undefined;
    this.tombstoneUntil = this.settings.autocreate ? this.now + this.settings.tombstoneMs : 0;
    for (const seq of [...life.segments.keys()].sort((a, b) => a - b)) this.#finish(life, seq, 'closed', true);
  }

  /** Ends a segment: readers get their end, writers their early answer, and the head passes it. */
  #finish(life: Life, at: number, state: 'closed' | 'aborted', channelClosed = false): void {
    const segment = life.segments.get(at);
    if (!segment || isFinished(segment)) return;
    const empty = segment.state === 'fresh';
    if (empty && segment.endedWell) life.touchedAt = this.now;
    segment.state = state;
    segment.finishedAt = this.now;
    segment.due = Number.POSITIVE_INFINITY;
    if (empty && channelClosed) life.segments.delete(at);
    else if (empty) this.#pass(life, at);
    for (const id of segment.readers) this.#finishReader(id, at, { closed: channelClosed && empty });
    for (const id of segment.writers) {
      Object.assign(this.#writer(id), { status: 200, done: true, seq: at, closed: channelClosed });
    }
    segment.writers.clear();
    this.#evict(life);
  }

  #finishReader(id: number, at: number, more: Partial<Told>): void {
    const told = this.#reader(id);
    if (told.status === 0) Object.assign(told, { status: 200, seq: at, ...more });
    told.done = true;
  }

  #hand(id: number, at: number, bytes: string): void {
    const told = this.#reader(id);
    Object.assign(told, { status: 200, seq: at, bytes: told.bytes + bytes });
  }

  /** The head goes behind `at`; what it jumps over are holes until they are released. */
  #pass(life: Life, at: number): void {
    if (at < life.head) return;
    if (at > life.head) life.jumps.push({ from: life.head, to: at, at: this.now });
    life.head = at + 1;
    this.#evict(life);
  }

  #evict(life: Life): void {
    for (const [seq, segment] of life.segments) {
      if (!isFinished(segment) || seq >= life.head - this.settings.window) continue;
      if (segment.finishedAt + this.settings.keepMs > this.now) continue;
      life.segments.delete(seq);
      life.evicted = Math.max(life.evicted, seq);
    }
  }

  #advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = this.#nextDue();
      if (due > until) break;
      this.now = Math.max(this.now, due);
      this.#happen();
    }
    this.now = until;
  }

  #nextDue(): number {
    const { life, lingering, settings } = this;
    const dues = lingering ? [lingering.until] : [];
    if (life) {
      dues.push(life.touchedAt + settings.idleTimeoutMs);
      dues.push(...life.jumps.map((jump) => jump.at + settings.holeMs));
      dues.push(...[...life.segments.values()].map((segment) => segment.due));
    }
    for (const each of [life, lingering?.life])
      for (const [seq, segment] of each?.segments ?? [])
        if (isFinished(segment) && each && seq < each.head - settings.window)
          dues.push(segment.finishedAt + settings.keepMs);
    return Math.min(...dues, Number.POSITIVE_INFINITY);
  }

  #happen(): void {
    const { life, lingering, settings } = this;
    if (lingering && lingering.until <= this.now) this.lingering = undefined;
    if (lingering) this.#evict(lingering.life);
    if (!life) return;
    if (life.touchedAt + settings.idleTimeoutMs <= this.now) {
      this.#endLife(life);
      return;
    }
    for (const [seq, segment] of life.segments)
      if (segment.due <= this.now) this.#finish(life, seq, segment.endedWell ? 'closed' : 'aborted');
    const ripe = life.jumps.filter((jump) => jump.at + settings.holeMs <= this.now);
    life.jumps = life.jumps.filter((jump) => !ripe.includes(jump));
    for (const jump of ripe) this.#release(life, jump.from, jump.to);
    this.#evict(life);
  }

  #release(life: Life, from: number, to: number): void {
    for (const [seq, segment] of life.segments) {
      if (seq < from || seq >= to || segment.state !== 'fresh') continue;
      life.segments.delete(seq);
      segment.state = 'closed';
      for (const id of segment.readers) this.#finishReader(id, seq, { skipped: true });
      for (const id of segment.writers) Object.assign(this.#writer(id), { status: 200, done: true, seq });
    }
  }

  #segmentAt(life: Life, at: number): ModelSegment {
    const there = life.segments.get(at);
    if (there) return there;
    const segment: ModelSegment = {
      bytes: '',
      state: 'fresh',
      writers: new Set(),
      readers: new Set(),
      endedWell: false,
      due: Number.POSITIVE_INFINITY,
      finishedAt: 0,
    };
    life.segments.set(at, segment);
    return segment;
  }

  #reader(id: number): Told {
    return this.readers.get(id) as Told;
  }

  #writer(id: number) {
    return this.writers.get(id) as Told & { segment: ModelSegment | undefined; at: number };
  }
}

/** What a request has been told at first. */
export const nothing = (): Told => ({
  status: 0,
  bytes: '',
  done: false,
  closed: false,
  skipped: false,
  aborted: false,
  seq: undefined,
});

const emptyLife = (now: number): Life => ({
  head: 0,
  segments: new Map(),
  jumps: [],
  evicted: -1,
  touchedAt: now,
});

const isFinished = (segment: ModelSegment) => segment.state === 'closed' || segment.state === 'aborted';

/** A segment without a byte is there only as long as somebody is attached to it. */
function forgetIfUnused(life: Life, seq: number, segment: ModelSegment): void {
  if (segment.state === 'fresh' && segment.writers.size + segment.readers.size === 0) life.segments.delete(seq);
}

/** The seqs of what can be read: everything that was written, or is finished. */
const kept = (life: Life) => [...life.segments].filter(([, each]) => each.state !== 'fresh').map(([seq]) => seq);

const below = (life: Life, at: number) => [...life.segments.keys()].filter((seq) => seq < at).sort((a, b) => a - b);
