/** Spans: a piece of work as two events, its start and its end. EGRESS 4.16. */
import type { Clock } from '@runnel/protocol';
import type { Gate, Site } from './gate.ts';
import { describeError } from './guard.ts';
import { HEX } from './hex.ts';
import { followIterator, isIterator } from './span-iterator.ts';
import { nanoseconds } from './stream-form.ts';
import type { Telemetry } from './telemetry.ts';
import { childOf, type TraceContext, type Tracing, traceparent } from './tracing.ts';

/** What is known of the work. `correlation_id` becomes that of the span's events; without one they share the span's own id. */
export type SpanMetadata = Readonly<Record<string, unknown>>;

/** A piece of work under way. With `using` it stops at the end of the block. Only its first end counts. */
export interface Span extends Disposable {
  /** 16 hexadecimal digits, `span_id` of both events. */
  readonly id: string;
  readonly correlationId: string;
  /** For the headers of what the work asks of others (W3C Trace Context); undefined where the runner has no `tracing`. */
  readonly traceparent: string | undefined;
  /** The work is done: `<name>.stop` with its duration. */
  stop(): void;
  /** The work has failed: `<name>.exception` with its duration and what was thrown. */
  fail(error: unknown): void;
}

export interface StartSpan {
  /** Starts a span that its caller ends. Never throws. */
  (name: string, metadata?: SpanMetadata): Span;
  /** Runs `fn` within a span. Returns what it returns, throws what it throws; promises, generators and async generators are followed to their end. */
  <T>(name: string, fn: (span: Span) => T): T;
  <T>(name: string, metadata: SpanMetadata, fn: (span: Span) => T): T;
}

export interface SpanOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly telemetry: Telemetry;
  readonly tracing: Tracing | undefined;
  /** The first half of every span's id. */
  readonly epoch: string;
}

/** The places from which the events of one name are emitted. */
interface Sites {
  readonly start: Site;
  readonly stop: Site;
  readonly exception: Site;
}

const MOST_NAMES = 1_024;

export function spanStarter(options: SpanOptions): StartSpan {
  const { gate, tracing } = options;
  const names = new Map<string, Sites>();
  const nextId = spanIds(options.epoch);

  const sitesOf = (name: string): Sites => {
    let sites = names.get(name);
    if (sites === undefined) {
      if (names.size >= MOST_NAMES) names.clear();
      const site = (end: string) => gate.site(`${name}.${end}`);
      sites = { start: site('start'), stop: site('stop'), exception: site('exception') };
      names.set(name, sites);
    }
    return sites;
  };

  return <T>(name: string, first?: SpanMetadata | ((span: Span) => T), second?: (span: Span) => T): Span | T => {
    const fn = typeof first === 'function' ? first : second;
    const metadata = typeof first === 'object' ? first : undefined;
    const id = nextId();
    const trace = tracing && childOf(tracing.active(), id);
    const span = new RunningSpan(options, sitesOf(name), id, trace, metadata);
    if (fn === undefined) return span;
    const within = <R>(work: () => R): R => (tracing && trace ? tracing.run(trace, work) : work());
    return follow(span, () => fn(span), within);
  };
}

/** Counts up from 1 in eight digits behind the epoch. All but the last two are kept for 256 ids: to write the whole number is an eighth of a span. */
function spanIds(epoch: string): () => string {
  let count = 0;
  let upper = `${epoch}000000`;
  return () => {
    const lower = ++count % 256;
    if (lower === 0) upper = epoch + (count / 256).toString(16).padStart(6, '0');
    return `${upper}${HEX[lower]}`;
  };
}

class RunningSpan implements Span {
  readonly id: string;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
  readonly #options: SpanOptions;
  readonly #sites: Sites;
  readonly #metadata: SpanMetadata | undefined;
  readonly #began: number;
  /** Decided at the start, for both events: how many spans this one stands for; undefined where the filter let no start through. */
  readonly #weight: number | undefined;
  #ended = false;

  constructor(
    options: SpanOptions,
    sites: Sites,
    id: string,
    trace: TraceContext | undefined,
    metadata: SpanMetadata | undefined,
  ) {
    const { clock, gate } = options;
    this.#options = options;
    this.#sites = sites;
    this.id = id;
    this.traceparent = trace && traceparent(trace);
    const copy = copyOf(metadata);
    // Most have none, and taking a member out of an object costs as much as the rest of the start.
    const given = copy?.correlation_id === undefined ? undefined : takeCorrelationId(copy);
    this.#metadata = copy;
    this.correlationId = given ?? id;
    const closed = gate.open ? undefined : sites.start.closed;
    const weight = gate.open ? 1 : sites.start.admit(this.correlationId);
    this.#weight = closed === undefined ? weight : undefined;
    const at = clock.wall();
    if (weight !== 0) this.#push(sites.start, { system_time: nanoseconds(at) }, copy, weight, at);
    this.#began = clock.now();
  }

  stop(): void {
    this.#end(this.#sites.stop, { ...this.#metadata, result: 'success' });
  }

  fail(error: unknown): void {
    const { exception_type, message } = describeError(error);
    this.#end(this.#sites.exception, { ...this.#metadata, error_type: exception_type, error_message: message });
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #end(site: Site, metadata: object): void {
    if (this.#ended) return;
    this.#ended = true;
    const { clock, gate } = this.#options;
    const duration = Math.round((clock.now() - this.#began) * 1e6);
    if (!gate.open && site.closed !== undefined) {
      // Asked in order to be counted.
      site.admit(this.correlationId);
      return;
    }
    const weight = this.#weight ?? site.admit(this.correlationId);
    if (weight !== 0) this.#push(site, { duration }, metadata, weight, clock.wall());
    else if (this.#weight === 0) gate.withheld.sampled++;
  }

  #push(site: Site, measurements: object, metadata: object | undefined, weight: number, at: number): void {
    const data: Record<string, unknown> = {
      correlation_id: this.correlationId,
      span_id: this.id,
      traceparent: this.traceparent,
      measurements,
      metadata,
    };
    if (weight !== 1) data.sample_weight = weight;
    this.#options.telemetry.push(site.type, data, at);
  }
}

/** Runs `work` and ends the span when it has ended, whatever it is. */
function follow<T>(span: Span, work: () => T, within: <R>(work: () => R) => R): T {
  const failed = (error: unknown): never => {
    span.fail(error);
    throw error;
  };
  const done = <V>(value: V): V => {
    span.stop();
    return value;
  };
  let result: T;
  try {
    result = within(work);
  } catch (error) {
    return failed(error);
  }
  // What is handed back has the shape of what came: a promise for a promise, a generator for a generator.
  if (result instanceof Promise) return result.then(done, failed) as T;
  if (isIterator(result)) return followIterator(result, { within, done, failed }) as T;
  return done(result);
}

function copyOf(metadata: SpanMetadata | undefined): Record<string, unknown> | undefined {
  if (metadata === undefined) return undefined;
  try {
    return { ...metadata };
  } catch {
    // A getter of the caller's threw; starting a span must not.
    return undefined;
  }
}

function takeCorrelationId(metadata: Record<string, unknown>): string | undefined {
  const { correlation_id: id } = metadata;
  delete metadata.correlation_id;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
