/** What the application's handlers of telemetry events get, and how they are attached. EGRESS 4.13 to 4.15. */
import type { TelemetryEvent } from '@runnel/protocol';
import type { HandlerBooks } from './attached-handler.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** An event as a handler gets it. */
export interface HandledEvent {
  /** `[prefix, 'runner', …]` and the parts of the event's type, which dots divide. */
  readonly name: readonly string[];
  /** Of `data.measurements`, those with a known key. */
  readonly measurements: Fields;
  /** `data.metadata`, and over it what the client knows itself: `node`, `worker_id` (the session), and the configured context. */
  readonly metadata: Fields;
  /** Absent where there is none or it is empty. */
  readonly correlationId?: string;
  /** All of the event; absent for `telemetry.handler.failure`. */
  readonly event?: TelemetryEvent;
}

export type EventHandler = (event: HandledEvent) => unknown;

/** Which events: those of this name, or of this name and all below it. Both are parts with dots between: `runnel.runner.inference.start`. */
export type HandledName = { readonly name: string } | { readonly prefix: string };

export interface EventHandlersOptions {
  /** First part of every event's name. Default `runnel`. */
  readonly prefix?: string;
  /** Patterns of the types there are (PROTOCOL.md section 8.6). Default: any. The first 1,000 that come are known; events of others reach no handler. */
  readonly names?: readonly string[];
  /** Patterns of the keys that measurements have, likewise. Others are left out. */
  readonly keys?: readonly string[];
  /** What is known of a session's runner, such as `pool_name` and `pid`; asked once, when the session is opened. Default: nothing more. */
  readonly context?: (session: string) => Fields;
}

export interface EventHandlersBooks {
  readonly attached: readonly HandlerBooks[];
  /** Names and keys that are known. */
  readonly known: { readonly names: number; readonly keys: number };
  /** Events and measurements of unknown ones, and which these are, the newest 20 each. */
  readonly quarantined: {
    readonly names: number;
    readonly keys: number;
    readonly newest: { readonly names: readonly string[]; readonly keys: readonly string[] };
  };
}

export interface EventHandlers {
  /**
   * Attaches `handle` under an id of its own; the result detaches it. It is called in the order of attachment, within the loop that reads the session, and not waited for; while 1,000 of its calls have not ended it gets none. One that throws
   * or rejects pauses for 1 s, twice as long each time up to a minute, and every such failure is an event `telemetry.handler.failure` with `event_name`, `handler_id`, `kind`, `reason`
   * and `stacktrace` in its metadata. Throws TrickleError `invalid` for an id that is taken or a name that is none.
   */
  attach(id: string, which: HandledName, handle: EventHandler): () => void;
  readonly books: EventHandlersBooks;
}
