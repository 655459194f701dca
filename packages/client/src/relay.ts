/** The relay: sessions on one side, sinks on the other, a journal in between. The one place from which telemetry leaves. */
import type { Readable } from 'node:stream';
import {
  type Clock,
  type ControlState,
  channelUrl,
  isChannelName,
  pause,
  type Sink,
  sessionChannels,
  systemClock,
  TrickleError,
} from '@runnel/protocol';
import type { Connection } from '@runnel/pubsub';
import type { SessionBooks } from './books.ts';
import { type Consent, userOf } from './consent.ts';
import { type ControlConfig, checkConfig, configuredFor } from './control-config.ts';
import type { ControlStatus } from './control-status.ts';
import { TelemetryHandlers } from './event-handlers.ts';
import type { EventHandlers, EventHandlersBooks, EventHandlersOptions } from './handled-event.ts';
import type { DeadPage } from './journal/dead-letter.ts';
import { type Errands, runErrands } from './journal/errands.ts';
import type { Journal, JournalStatus } from './journal/journal.ts';
import { openJournal } from './journal/open.ts';
import { Destination } from './lane/destination.ts';
import { Lane, type LaneStatus } from './lane/lane.ts';
import type { LatencyFigures } from './latency.ts';
import { createMetrics } from './metrics.ts';
import { Session, type SessionSetup, type SessionState } from './session.ts';
import { createTail, type Tail } from './tail.ts';

export interface RelayOptions extends Pick<Connection, 'transport' | 'headers'> {
  /** The server's base URL. */
  readonly url: string;
  /** Each gets every envelope. Their names differ. The relay closes them. */
  readonly sinks: readonly Sink[];
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How often each session pings its runner. Default 10,000. */
  readonly pingMs?: number;
  /** Where envelopes wait for the sinks; the relay closes it. Default: one in memory. */
  readonly journal?: Journal;
  /** Asked for each envelope before it goes to the journal, and again before it goes to a sink; the relay closes it. Default: all may go. EGRESS 1.23. */
  readonly consent?: Consent;
  /** What is wanted of runners' telemetry, by session id or pattern: stated when a runner connects, and whenever it has another state. Default: nothing. EGRESS 4.10. */
  readonly control?: ControlConfig;
  /** How events reach the handlers that `relay.handlers` attaches. */
  readonly handlers?: EventHandlersOptions;
  /** Gets a sentence about what a person should know. Default: standard error. */
  readonly onWarning?: (sentence: string) => void;
  /** Where the runners' log lines go, for /logs/tail. Default: one of the relay's own. */
  readonly tail?: Tail;
  /** Told when a session's state changes. */
  readonly onState?: (session: Session) => void;
}

export interface OpenOptions {
  /** The URL of the events channel, where it is not `<session>-events` below the server's base URL. */
  readonly eventsUrl?: string;
  /** The URL of the control channel, likewise. */
  readonly controlUrl?: string;
}

export interface SessionStatus extends SessionBooks {
  readonly id: string;
  readonly state: SessionState;
  /** In milliseconds since 1970. */
  readonly openedAt: number;
  readonly latencyMs: LatencyFigures | undefined;
}

export interface RelayStatus {
  readonly sessions: readonly SessionStatus[];
  readonly sinks: readonly LaneStatus[];
  readonly journal: JournalStatus;
  readonly handlers: EventHandlersBooks;
}

/** Envelopes over all sinks, since the relay was made. */
export interface RelayReport {
  /** Acknowledged by their sink. */
  readonly delivered: number;
  /** Not delivered, and in the journal for the next start. */
  readonly kept: number;
  /** Neither: `status().sinks` says why. */
  readonly dropped: number;
}

export interface Relay {
  /** The server's base URL. */
  readonly url: string;
  /** With what the server is asked, until the relay closes. */
  readonly connection: Pick<Connection, 'transport' | 'headers' | 'signal'>;
  /** When it was made, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly clock: Clock;
  /**
   * Opens a session: from now on its events are relayed, also if its channels do not exist yet. A session that the journal has never seen begins at the oldest
   * segment kept, so that what the runner said before the client came is heard. Throws TrickleError `invalid` for an id or URL that cannot be
   * used or a session that is open, `aborted` after `close`. The relay closes it, or `session.close()` does.
   */
  open(id: string, options?: OpenOptions): Session;
  /**
   * Opens a session of a runner that has no network and writes its telemetry on `stderr`, such as a child process's: read from where it is now until it ends, and ordinary output becomes log
   * lines. Nothing can be asked of the runner. Whoever made the stream closes it; after `session.close()` what comes is passed over. Throws as `open`. PROTOCOL.md section 8.7.
   */
  openStderr(id: string, stderr: Readable): Session;
  /** States what is wanted of a session's telemetry, as `session.control.ask` does. Rejects with TrickleError `not_found` if no such session is open, and as `ask` does. EGRESS 4.10. */
  control(id: string, state: ControlState, options?: { readonly waitMs?: number }): Promise<ControlStatus>;
  /** The open sessions by id. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly tail: Tail;
  /** The application's own handlers of events, by name. */
  readonly handlers: EventHandlers;
  readonly consent: Consent | undefined;
  /** What people ask of the journal. */
  readonly errands: Pick<Errands, 'ask' | 'newest'>;
  /** A page of a sink's dead letters, those before that entry; undefined if the journal has no such sink. */
  deadPage(sink: string, before: number | undefined, limit: number): DeadPage | undefined;
  status(): RelayStatus;
  /** The figures of `status` in Prometheus' text format. */
  metrics(): Promise<string>;
  /** Stops reading, lets the sinks work off what is pending until shortly before `deadlineMs` (default 5,000) have passed, then closes journal and sinks. Never rejects. */
  close(options?: { deadlineMs?: number }): Promise<RelayReport>;
}

/** A relay with no session yet. Throws TrickleError `invalid` if the URL is none, two sinks have one name, or a control state is none. Its timers do not keep a process alive; its connections do. */
export function createRelay(options: RelayOptions): Relay {
  const { url, sinks, clock = systemClock, pingMs = 10_000, tail = createTail() } = options;
  const { consent, onWarning: warn = (sentence) => console.error(sentence) } = options;
  checkUrl(url);
  checkSinks(sinks);
  const configured = checkConfig(options.control ?? {});
  const handlers = new TelemetryHandlers(options.handlers ?? {}, clock, warn);
  const allows = consent ? consent.allows : () => true;
  const startedAt = clock.wall();
  const sessions = new Map<string, Session>();
  const journal = options.journal ?? openJournal({ clock, onWarning: warn });
  const destinationOf = destinations();
  const behindMs = (sink: string) => journal.cursors.get(sink)?.books.oldestMs ?? 0;
  const lanes = sinks.map((sink) => {
    const destination = destinationOf(sink);
    return new Lane({ sink, cursor: journal.cursor(sink.name), clock, destination, behindMs, allows, warn });
  });
  warnOfUnserved(journal, sinks, warn);
  const removals = new Set<Promise<unknown>>();
  consent?.onTakenBack((user) => {
    const removal = journal
      .takeBack(user, (envelope) => userOf(envelope) === user)
      .catch((error) =>
        warn(`what user ${user} had not sent could not all be deleted: ${error.message}; none of it is sent`),
      )
      .finally(() => removals.delete(removal));
    removals.add(removal);
  });
  const errands = runErrands(journal, new Map(lanes.map((lane) => [lane.sink.name, lane])), clock);
  journal.onCommit(() => {
    for (const lane of lanes) lane.wake();
  });
  const { transport, headers, onState = () => {} } = options;
  const connection = { ...(transport && { transport }), ...(headers && { headers }) };
  const lookers = new AbortController();
  let closing: Promise<RelayReport> | undefined;

  function open(id: string, { eventsUrl, controlUrl }: OpenOptions = {}, stderr?: Readable): Session {
    if (closing) throw new TrickleError('aborted', 'the relay is closed');
    if (sessions.has(id)) throw new TrickleError('invalid', `session ${id} is open`);
    const names = sessionChannels(id);
    // `.` and `..` are no part of a path that arrives as it was sent, of the endpoint's neither.
    if (![id, names.events, names.control].every(isChannelName))
      throw new TrickleError('invalid', `${id} is no session id`);
    const setup: SessionSetup = {
      id,
      eventsUrl: checkUrl(eventsUrl ?? channelUrl(url, names.events)),
      controlUrl: checkUrl(controlUrl ?? channelUrl(url, names.control)),
      stderr,
      connection,
      clock,
      pingMs,
      configured: configuredFor(configured, id),
      journal,
      handlers,
      allows,
      onState,
      onClose: () => sessions.delete(id),
    };
    const session = new Session(setup);
    session.on('logs', ({ lines }) => {
      for (const line of lines) tail.push(`LOG session=${id} ${line}`);
    });
    sessions.set(id, session);
    return session;
  }

  function status(): RelayStatus {
    return {
      sessions: [...sessions.values()].map(({ id, state, openedAt, latency: latencyMs, books }) => ({
        id,
        state,
        openedAt,
        latencyMs,
        ...books,
      })),
      sinks: lanes.map((lane) => lane.status),
      journal: journal.status,
      handlers: handlers.books,
    };
  }

  async function close(deadlineMs: number): Promise<RelayReport> {
    const graceMs = Math.min(500, deadlineMs / 5);
    const over = new AbortController();
    // What is not waited for any more must not keep the process alive.
    const wait = (ms: number) => pause(clock, ms, over.signal, { keepAlive: true });
    lookers.abort();
    errands.stop();
    const quiet = Promise.all([...sessions.values()].map((session) => session.close()));
    const drained = quiet.then(() => {
      journal.flush();
      return Promise.all(lanes.map((lane) => lane.drained()));
    });
    await Promise.race([drained, wait(deadlineMs - 2 * graceMs)]);
    await Promise.race([Promise.all(lanes.map((lane) => lane.stop())), wait(graceMs)]);
    await Promise.race([Promise.all(removals), wait(graceMs)]);
    consent?.close();
    journal.close();
    // A sink that cannot close is no reason not to stop; what it acknowledged stands.
    await Promise.race([Promise.allSettled(sinks.map((sink) => sink.close())), wait(graceMs)]);
    over.abort();
    return report(lanes);
  }

  async function control(id: string, state: ControlState, options?: { waitMs?: number }): Promise<ControlStatus> {
    const session = sessions.get(id);
    if (!session) throw new TrickleError('not_found', `no session ${id} is open`);
    return session.control.ask(state, options);
  }

  return {
    url,
    connection: { ...connection, signal: lookers.signal },
    startedAt,
    clock,
    open: (id, where) => open(id, where),
    openStderr: (id, stderr) => open(id, {}, stderr),
    control,
    sessions,
    tail,
    handlers,
    consent,
    errands,
    deadPage: (sink, before, limit) => journal.deadPage(sink, before, limit),
    status,
    metrics: createMetrics(status),
    close: ({ deadlineMs = 5000 } = {}) => {
      closing ??= close(deadlineMs);
      return closing;
    },
  };
}

/** Where a sink leads: the same for all that name the same, its own for one that names none. */
function destinations(): (sink: Sink) => Destination {
  const named = new Map<string, Destination>();
  return ({ traits }) => {
    const known = named.get(traits?.destination ?? '');
    if (known) return known;
    const made = new Destination(Math.random);
    if (traits?.destination) named.set(traits.destination, made);
    return made;
  };
}

function report(lanes: readonly Lane[]): RelayReport {
  const sums = { delivered: 0, kept: 0, dropped: 0 };
  for (const { delivered, pending, dropped } of lanes.map((lane) => lane.sums)) {
    sums.delivered += delivered;
    sums.kept += pending;
    sums.dropped += dropped;
  }
  return sums;
}

/** Envelopes that wait for a sink nobody serves any more are kept, which must not go unnoticed. */
function warnOfUnserved(journal: Journal, sinks: readonly Sink[], warn: (sentence: string) => void): void {
  const served = new Set(sinks.map(({ name }) => name));
  for (const [name, { pending }] of journal.cursors) {
    if (served.has(name)) continue;
    warn(
      `the journal ${journal.status.path} also keeps events for the sink ${name}, which is not configured (${pending} now): \`runnel journal purge ${journal.status.path} --sink ${name} --forget\` ends that`,
    );
  }
}

function checkUrl(url: string): string {
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: undefined };
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TrickleError('invalid', `${url} is no http or https URL`);
  return url;
}

/** EGRESS 2.20: what is handed in comes from somebody's program, perhaps an untyped one. */
function checkSinks(sinks: readonly Sink[]): void {
  for (const sink of sinks) {
    const isOne =
      sink && typeof sink.name === 'string' && typeof sink.send === 'function' && typeof sink.close === 'function';
    if (!isOne) throw new TrickleError('invalid', 'a sink has a name and the functions send and close');
  }

  const names = new Set(sinks.map((sink) => sink.name));
  const standIns = new Set(sinks.filter(({ traits }) => traits?.standsInFor).map(({ name }) => name));
  for (const { name, traits } of sinks) {
    const other = traits?.standsInFor?.sink;
    if (other !== undefined && (other === name || !names.has(other)))
      throw new TrickleError('invalid', `the sink ${name} stands in for ${other}, which is no other sink`);
    if (other !== undefined && standIns.has(other))
      throw new TrickleError('invalid', `the sink ${name} stands in for ${other}, which stands in itself`);
  }
  if (names.size < sinks.length) throw new TrickleError('invalid', 'two sinks have the same name');
}
