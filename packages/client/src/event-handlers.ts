/** The application's handlers of telemetry events, by name: called in the client, beside the sinks and after the journal got the event. EGRESS 4.13 to 4.15. */
import { hostname } from 'node:os';
import { type Clock, type TelemetryEvent, TrickleError } from '@runnel/protocol';
import { AttachedHandler, type Failure, stackOf, textOf } from './attached-handler.ts';
import type {
  EventHandler,
  EventHandlers,
  EventHandlersBooks,
  EventHandlersOptions,
  Fields,
  HandledEvent,
  HandledName,
} from './handled-event.ts';
import { KnownNames } from './known-names.ts';

const MOST_NAMES = 1_000;
const FAILURE = ['telemetry', 'handler', 'failure'];

export class TelemetryHandlers implements EventHandlers {
  readonly #clock: Clock;
  readonly #warn: (sentence: string) => void;
  readonly #prefix: string;
  readonly #context: (session: string) => Fields;
  readonly #names: KnownNames;
  readonly #keys: KnownNames;
  readonly #attached = new Map<string, { handler: AttachedHandler<HandledEvent>; which: HandledName }>();
  /** Who gets the events of a name; as many as there are known names. */
  readonly #byName = new Map<string, readonly AttachedHandler<HandledEvent>[]>();

  constructor(options: EventHandlersOptions, clock: Clock, warn: (sentence: string) => void) {
    const { prefix = 'runnel', names, keys, context = () => ({}) } = options;
    this.#clock = clock;
    this.#warn = warn;
    this.#prefix = prefix;
    this.#context = context;
    this.#names = new KnownNames(names, MOST_NAMES);
    this.#keys = new KnownNames(keys, MOST_NAMES);
  }

  /** No event needs to be looked at. */
  get idle(): boolean {
    return this.#attached.size === 0;
  }

  get books(): EventHandlersBooks {
    const [names, keys] = [this.#names, this.#keys];
    return {
      attached: [...this.#attached.values()].map(({ handler }) => handler.books),
      known: { names: names.known, keys: keys.known },
      quarantined: {
        names: names.quarantined,
        keys: keys.quarantined,
        newest: { names: names.strangers, keys: keys.strangers },
      },
    };
  }

  attach(id: string, which: HandledName, handle: EventHandler): () => void {
    if (this.#attached.has(id)) throw new TrickleError('invalid', `a handler ${id} is attached`);
    if (partsOf(which).some((part) => part === '')) throw new TrickleError('invalid', 'an event has no such name');
    const attached = { handler: new AttachedHandler(id, handle, this.#clock), which };
    this.#attached.set(id, attached);
    this.#byName.clear();
    // However many names come over the wire, those that are waited for are known.
    const below = `${this.#prefix}.runner.`;
    if ('name' in which && which.name.startsWith(below)) this.#names.expect(which.name.slice(below.length));
    return () => {
      if (this.#attached.get(id) !== attached) return;
      this.#attached.delete(id);
      this.#byName.clear();
    };
  }

  /** Returns the function that takes the events of a session, and never throws. */
  of(session: string): (event: TelemetryEvent) => void {
    const context = { node: hostname(), worker_id: session, ...this.#context(session) };
    return (event) => {
      const { type, measurements, metadata, correlation_id: correlation } = event.data;
      if (typeof type !== 'string' || !this.#names.admit(type)) return;
      this.#deliver({
        name: [this.#prefix, 'runner', ...type.split('.')],
        measurements: this.#known(measurements),
        metadata: { ...fields(metadata), ...context },
        ...(typeof correlation === 'string' && correlation !== '' && { correlationId: correlation }),
        event,
      });
    };
  }

  #deliver(event: HandledEvent): void {
    const name = event.name.join('.');
    for (const handler of this.#handlersOf(name))
      handler.call(event, (failure) => this.#failed(handler.id, name, failure));
  }

  #handlersOf(name: string): readonly AttachedHandler<HandledEvent>[] {
    let handlers = this.#byName.get(name);
    if (!handlers) {
      const fitting = [...this.#attached.values()].filter(({ which }) => isMeant(which, name));
      handlers = fitting.map(({ handler }) => handler);
      this.#byName.set(name, handlers);
    }
    return handlers;
  }

  #failed(handler: string, name: string, { kind, error, isFirst }: Failure): void {
    const reason = textOf(error);
    if (isFirst) this.#tell(`the handler ${handler} failed at ${name}, and pauses: ${reason}`);
    // Who fails at being told of a failure is not told of that.
    if (name === FAILURE.join('.')) return;
    const stacktrace = stackOf(error);
    const metadata = { event_name: name, handler_id: handler, kind, reason, stacktrace, node: hostname() };
    this.#deliver({ name: FAILURE, measurements: {}, metadata });
  }

  /** Whoever is told must neither end the session nor, from a promise, the process. */
  #tell(sentence: string): void {
    try {
      this.#warn(sentence);
    } catch {
      // The failure is an event and in the books.
    }
  }

  #known(measurements: unknown): Fields {
    const entries = Object.entries(fields(measurements)).filter(([key]) => this.#keys.admit(key));
    return Object.fromEntries(entries);
  }
}

const partsOf = (which: HandledName) => ('name' in which ? which.name : which.prefix).split('.');

function isMeant(which: HandledName, name: string): boolean {
  if ('name' in which) return name === which.name;
  return name === which.prefix || name.startsWith(`${which.prefix}.`);
}

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
