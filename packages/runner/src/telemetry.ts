/** The emitter: calls are captured into a ring and serialised later, when the drain asks for them. PROTOCOL.md section 8.3. */
import type { Clock } from '@runnel/protocol';
import { type DropReason, Tally } from './books.ts';
import { type Capture, CaptureRing } from './capture-ring.ts';
import type { Gate, Site } from './gate.ts';
import { HEX } from './hex.ts';
import { exceeds } from './text.ts';

/** A captured event, serialised. */
export interface BuiltEvent {
  readonly id: string;
  readonly seq: number;
  /** The envelope's JSON. */
  readonly json: string;
}

/** What leaves when the ring is full. */
export type Overflow = 'drop_oldest' | 'drop_newest';

export interface TelemetryOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly maxEventBytes: number;
  /** Writes an envelope, or throws if it cannot be written. */
  readonly write: (capture: Capture, id: string) => string;
  /** Told of each event that cannot be written, and why. */
  readonly onUnwritable?: ((reason: DropReason, type: string) => void) | undefined;
  /** Called when there may be something to take. */
  readonly onWork: () => void;
}

/** At most 256: an event's place in its batch is the last byte of its id. */
const BATCH_EVENTS = 256;
const BATCH_CHARS = 256 * 1024;
const BATCH_MS = 0.5;

/** The ring of captured events and their counters. */
export class Telemetry {
  emitted = 0;
  written = 0;
  readonly dropped = new Tally<DropReason>();
  readonly #ring: CaptureRing;
  #inHand: readonly BuiltEvent[] = [];
  #refusing: DropReason | undefined;
  #ended: DropReason | undefined;
  readonly #options: TelemetryOptions;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#ring = new CaptureRing(options.capacity);
  }

  /** Never waits and never throws. What is captured: the time, the type, and the first level of `data`. */
  emit(type: string, data?: object, correlationId?: string): void {
    const { gate } = this.#options;
    if (gate.open) this.#capture(type, data, correlationId, 1);
    else this.emitAt(gate.site(type), data, correlationId);
  }

  /** The same for a site whose decision is at hand: nothing else happens where that is to withhold. */
  emitAt(site: Site, data?: object, correlationId?: string): void {
    let weight: number;
    try {
      weight = site.admit(correlationId || (data as { correlation_id?: unknown } | undefined)?.correlation_id);
    } catch {
      // The caller's correlation_id is a getter that threw.
      weight = 1;
    }
    if (weight !== 0) this.#capture(site.type, data, correlationId, weight);
  }

  /** Takes an event that was captured elsewhere, at `at`, with data that nobody else holds. */
  adopt(type: string, data: Record<string, unknown> | undefined, at: number): void {
    const { gate } = this.#options;
    const weight = gate.open ? 1 : gate.site(type).admit(data?.correlation_id);
    if (weight !== 0) this.push(type, weight === 1 ? data : { ...data, sample_weight: weight }, at);
  }

  /** Takes an event that was admitted, with data that nobody else holds. */
  push(type: string, data: Capture['data'], at: number): void {
    const seq = ++this.emitted;
    if (this.#refusing !== undefined) {
      this.dropped.add(this.#refusing);
      return;
    }
    if (this.#ring.length === this.#ring.capacity) {
      this.dropped.add('queue_overflow');
      if (this.#options.overflow === 'drop_newest') return;
    }
    this.#ring.push(seq, at, type, data);
    this.#options.onWork();
  }

  /** Counts `count` events that were emitted elsewhere and dropped there; the numbers show them as a gap. */
  lost(reason: DropReason, count: number): void {
    this.emitted += count;
    this.dropped.add(reason, count);
  }

  #capture(type: string, data: object | undefined, correlationId: string | undefined, weight: number): void {
    if (this.#refusing !== undefined) {
      this.lost(this.#refusing, 1);
      return;
    }
    let copy: Record<string, unknown> | undefined;
    try {
      copy = correlationId ? { ...data, correlation_id: correlationId } : data ? { ...data } : undefined;
    } catch {
      // A getter of the caller's data threw; `emit` must not.
      this.lost('unserialisable', 1);
      return;
    }
    if (weight !== 1) copy = { ...copy, sample_weight: weight };
    this.push(type, copy, this.#options.clock.wall());
  }

  get pending(): number {
    return this.#ring.length + this.#inHand.length;
  }

  get waiting(): boolean {
    return this.#ring.length > 0;
  }

  /** Serialises the oldest events, as many as fit a batch and half a millisecond, and takes them in hand. */
  take(): readonly BuiltEvent[] {
    const { clock } = this.#options;
    const until = clock.now() + BATCH_MS;
    const built: BuiltEvent[] = [];
    // A UUID drawn for each event would be a fourth of what the event costs.
    const batchId = crypto.randomUUID().slice(0, -2);
    let chars = 0;
    while (built.length < BATCH_EVENTS && chars < BATCH_CHARS) {
      const capture = this.#ring.shift();
      if (capture === undefined) break;
      const event = this.#build(capture, `${batchId}${HEX[built.length]}`);
      if (event !== undefined) {
        built.push(event);
        chars += event.json.length;
      }
      if (clock.now() >= until) break;
    }
    this.#inHand = built;
    return built;
  }

  /** Takes all that is left at once, what is in hand once more: it may not have left, and who reads knows it by its number. */
  takeRest(): readonly BuiltEvent[] {
    const rest = [...this.#inHand];
    while (this.waiting) rest.push(...this.take());
    this.#inHand = rest;
    return rest;
  }

  /** Settles what is in hand: the first `written` of it left, the rest is dropped for `reason`. What was settled before stays as it was. */
  settle(written: number, reason: DropReason): void {
    const left = Math.min(written, this.#inHand.length);
    this.written += left;
    this.dropped.add(reason, this.#inHand.length - left);
    this.#inHand = [];
  }

  /** From now on events are counted and refused. What is in the ring stays to be taken. */
  refuse(reason: DropReason): void {
    this.#ended = reason;
    this.#refusing = reason;
  }

  /** Whether the user agrees. If not, events are counted and refused, and those in the ring are dropped. */
  consent(given: boolean): void {
    this.#refusing = this.#ended ?? (given ? undefined : 'consent');
    if (!given) this.purge('consent');
  }

  /** Drops what is in the ring. */
  purge(reason: DropReason): void {
    this.dropped.add(reason, this.#ring.length);
    this.#ring.clear();
  }

  #build(capture: Capture, id: string): BuiltEvent | undefined {
    try {
      const json = this.#options.write(capture, id);
      if (!exceeds(json, this.#options.maxEventBytes)) return { id, seq: capture.seq, json };
      this.#refuse('oversize', capture);
    } catch {
      // A cycle, or a toJSON of the caller's that threw.
      this.#refuse('unserialisable', capture);
    }
    return undefined;
  }

  #refuse(reason: DropReason, { type }: Capture): void {
    this.dropped.add(reason);
    this.#options.onUnwritable?.(reason, type);
  }
}
