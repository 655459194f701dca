/** What goes over the relay's endpoint, as JSON. Whatever a runner sent is in it as text. A member that is `undefined` here is absent there. */
import type { ListedChannel } from '@runnel/protocol';
import type { Errand } from '../journal/errands.ts';
import type { RelayStatus } from '../relay.ts';

/** `GET /feed`, event `hello`: once, at first. */
export interface FeedHello {
  /** The trickle server's base URL, without what the relay may have in it to get in. */
  readonly server: string;
  /** What to call this relay: the name of its machine, unless it was given another. */
  readonly name: string;
  /** When the relay was made, in milliseconds since 1970. Another one: counters began anew. */
  readonly startedAt: number;
  /** Whether requests that change something are answered. */
  readonly writable: true;
}

/** `GET /feed`, event `status`: at once, and every second (seldomer where a status takes long to make). Its event id is `tick`. */
export interface FeedStatus extends RelayStatus {
  /** When it was made, in milliseconds since 1970. Rates are differences of counters over differences of `at`. */
  readonly at: number;
  /** Counts what was made for all readers. A gap: this one was too slow for it. While nobody is connected nothing is made: after a reconnect `at` says how long that was. */
  readonly tick: number;
  /** The newest requests to journal and sinks, oldest first, at most 20: those that wait or run, and those that ended since the relay was made. */
  readonly errands: readonly Errand[];
}

/** `GET /channels`: an array of these, by name. PROTOCOL.md section 3.8. 404: the server does not list its channels. 502: it does not answer. */
export type ServerChannel = ListedChannel;

/** `GET /sinks/:name/dead?before=<number>&limit=<1 to 50>`: newest first. 404: no such sink. */
export interface DeadPage {
  /** Dead letters of the sink. */
  readonly total: number;
  readonly letters: readonly DeadEntry[];
  /** `before` of the next page; absent on the last. A page ends early when its events are large. */
  readonly next: number | undefined;
}

export interface DeadEntry {
  readonly number: number;
  readonly session: string;
  /** The event's id, where it has one. */
  readonly id: string | undefined;
  readonly reason: string;
  /** When it was refused, and when the relay had received it, in milliseconds since 1970. */
  readonly at: number;
  readonly receivedAt: number;
  /** What the destination answered. */
  readonly status: number | undefined;
  readonly response: string | undefined;
  /** The event's JSON, verbatim. */
  readonly event: string;
}

/** Body of `POST /sinks/:name/replay`: one dead letter, or all of the sink's. Answered 202 with {@link ReplayAnswer}; 404: no such sink; 503: too many wait. */
export type ReplayBody = { readonly number: number } | { readonly all: true };

export interface ReplayAnswer {
  /** Of the errand in the ticks to come. */
  readonly id: number;
}

/** `GET` and `PUT /sessions/:id/control`. PROTOCOL.md section 8.6. */
export type { ControlStatus as SessionControl } from '../control-status.ts';
