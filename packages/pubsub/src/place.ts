/** Where a subscriber reads next, and what it missed on the way there: the rules of epochs and of 470. PROTOCOL.md sections 4.6 and 9. */
import { NEXT, parseSeq, SEQ_CURRENT, SEQ_NEXT, SEQ_OLDEST, TrickleError } from '@runnel/protocol';

export type Start = 'next' | 'current' | 'oldest' | number;

/** Before the same seq is asked for again. */
export const AGAIN_MS = 250;
/** From a server without epochs: a head far below us, so often and over so long, is a restarted server. */
const RESTART_SIGNS = 3;
const RESTART_MS = 2_000;
/** How many finished segments the Go server keeps. */
const GO_WINDOW = 4;

export class Place {
  #wanted: number | typeof NEXT;
  #epoch: string | undefined;
  #skipped = 0;
  #discontinuities = 0;
  /** What the segment handed out last knew of the two above. */
  #told = { skipped: 0, discontinuities: 0 };
  /** The seq that had left the window, and the head then, while the oldest segment kept is asked for instead. */
  #behind: { readonly wanted: number; readonly latest: number } | undefined;
  /** 470 in a row. */
  #misses = 0;
  #restartSigns: { count: number; since: number } | undefined;

  /** `epoch` is the life that the start belongs to, if known. Throws TrickleError `invalid` for a start that is none. */
  constructor(start: Start, epoch: string | undefined) {
    this.#wanted = wantedBy(start);
    this.#epoch = epoch;
  }

  /** The seq to ask for. `next` until the head is known: asking for -1 twice could miss what was written in between. */
  get wanted(): number | typeof NEXT {
    return this.#wanted;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  get skipped(): number {
    return this.#skipped;
  }

  get discontinuities(): number {
    return this.#discontinuities;
  }

  /** Whether it is a seq of a life that is known, so that it means nothing in another. */
  get belongsToLife(): boolean {
    return this.#epoch !== undefined && (this.#isSeq || this.#behind !== undefined);
  }

  /** The answer to `next`; a server from before that question was there has no head to tell. */
  located(head: number | undefined, epoch: string | undefined): void {
    this.#wanted = head ?? SEQ_NEXT;
    this.#epoch ??= epoch;
  }

  /** The channel is not there yet: whatever is written once it is, is written after we asked. */
  fromTheBeginning(): void {
    if (!this.#isSeq) this.#wanted = 0;
  }

  /** Sees the channel in this life. If it is another one, the place is void: it is the oldest segment now, and false is returned. */
  holdsIn(epoch: string | undefined): boolean {
    if (epoch === undefined || epoch === this.#epoch || !this.belongsToLife) return true;
    this.#startAgain(epoch, SEQ_OLDEST);
    return false;
  }

  /** Segment `seq` is there. False if it is none that could be: the answer is wrong. */
  arrived(seq: number, epoch: string | undefined): boolean {
    const wanted = this.#wanted;
    if (wanted === NEXT || seq < wanted) return false;
    const from = this.#behind?.wanted ?? wanted;
    if (from >= 0) this.#skipped += seq - from;
    this.#behind = undefined;
    this.#epoch = epoch ?? this.#epoch;
    this.#wanted = seq + 1;
    this.#misses = 0;
    this.#restartSigns = undefined;
    return true;
  }

  /** Whether the oldest segment kept, asked for after a 470, is one from before the place; then the head is wanted. */
  isBefore(seq: number): boolean {
    if (this.#behind === undefined || seq >= this.#behind.wanted) return false;
    this.#giveUpOldest(this.#behind.latest);
    return true;
  }

  /** The segment that arrived was never written. */
  neverWritten(): void {
    this.#skipped++;
  }

  /** 470, with the head at `latest`. Returns how many milliseconds to wait before asking for what is wanted now. */
  missed(latest: number, epoch: string | undefined, now: number): number {
    const wanted = this.#wanted;
    if (wanted === NEXT || !this.holdsIn(epoch)) return 0;
    // A server that answers every jump so must not be asked without a pause.
    const waitMs = this.#misses++ > 0 ? AGAIN_MS : 0;
    if (this.#behind) {
      this.#giveUpOldest(latest);
      return waitMs;
    }
    if (wanted < 0) {
      // The Go server knows no place further back than the current segment, and says so in this way (or breaks the connection off).
      this.#wanted = wanted < SEQ_CURRENT && epoch === undefined ? SEQ_CURRENT : latest;
      return waitMs;
    }
    if (latest > wanted && epoch !== undefined) {
      // No more is missed than has left; what is still kept is read.
      this.#behind = { wanted, latest };
      this.#wanted = SEQ_OLDEST;
      return waitMs;
    }
    if (latest >= wanted) {
      this.#skipped += latest - wanted;
      this.#wanted = latest;
      return latest === wanted ? AGAIN_MS : waitMs;
    }
    if (latest === wanted - 1) return AGAIN_MS;
    const told = epoch !== undefined && this.#epoch !== undefined;
    if (!told && this.#looksRestarted(now)) {
      this.#startAgain(epoch, epoch === undefined ? Math.max(0, latest - GO_WINDOW) : SEQ_OLDEST);
      return 0;
    }
    return RESTART_MS / (RESTART_SIGNS - 1);
  }

  /** What was missed since this was asked last. */
  news(): { skippedBefore: number; discontinuity: boolean } {
    const skippedBefore = this.#skipped - this.#told.skipped;
    const discontinuity = this.#discontinuities > this.#told.discontinuities;
    this.#told = { skipped: this.#skipped, discontinuities: this.#discontinuities };
    return { skippedBefore, discontinuity };
  }

  get #isSeq(): boolean {
    return this.#wanted !== NEXT && this.#wanted >= 0;
  }

  #looksRestarted(now: number): boolean {
    this.#restartSigns ??= { count: 0, since: now };
    this.#restartSigns.count++;
    return this.#restartSigns.count >= RESTART_SIGNS && now - this.#restartSigns.since >= RESTART_MS;
  }

  /** Goes on at the head after all, which cannot be before the place. */
  #giveUpOldest(latest: number): void {
    const from = this.#behind?.wanted ?? latest;
    this.#behind = undefined;
    this.#wanted = Math.max(from, latest);
    this.#skipped += this.#wanted - from;
  }

  #startAgain(epoch: string | undefined, from: number): void {
    this.#behind = undefined;
    this.#discontinuities++;
    this.#epoch = epoch;
    this.#wanted = from;
    this.#restartSigns = undefined;
  }
}

function wantedBy(start: Start): number | typeof NEXT {
  if (start === 'next' || start === SEQ_NEXT) return NEXT;
  if (start === 'current') return SEQ_CURRENT;
  if (start === 'oldest') return SEQ_OLDEST;
  if (parseSeq(String(start)) === undefined) throw new TrickleError('invalid', `Not a seq: ${start}`);
  return start;
}
