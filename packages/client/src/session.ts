/** One session: reads its events channel for as long as it is open, whatever becomes of the channel, and writes its control channel. PROTOCOL.md section 8. */
import type { Readable } from 'node:stream';
import {
  type Clock,
  type ControlMessage,
  controlMessage,
  type Envelope,
  type EventMessage,
  pause,
  type TelemetryEvent,
  TrickleError,
} from '@runnel/protocol';
import { backoffMs, type Connection, type JsonlLine, readJsonl, subscribe } from '@runnel/pubsub';
import { ChannelBooks, type SessionBooks } from './books.ts';
import { ControlChannel } from './control-channel.ts';
import type { ConfiguredControl } from './control-config.ts';
import type { DesiredState } from './control-status.ts';
import { DesiredControl } from './desired-control.ts';
import { Dispatch, type MessageBooks, type TelemetryBooks } from './dispatch.ts';
import type { TelemetryHandlers } from './event-handlers.ts';
import { type EventLine, readEventLine } from './event-line.ts';
import { type Handler, Handlers, type MessageType } from './handlers.ts';
import type { Journal } from './journal/journal.ts';
import { Latency, type LatencyFigures } from './latency.ts';
import { inOwnMemory } from './own-memory.ts';
import { Pings } from './pings.ts';
import { Place, type Position } from './position.ts';
import { isEpoch, Replays } from './replay.ts';
import { Requests } from './requests.ts';
import { type StartSums, Starts } from './starts.ts';
import { followStderr } from './stderr-lines.ts';

/** `connecting`: the server has not been reached. `waiting`: it has, and nothing has come from the runner. `live`: its events are being read. */
export type SessionState = 'connecting' | 'waiting' | 'live';

/** Failures in a row after which a subscription is given up for a new one; the session itself never gives up. */
const SUBSCRIPTION_RETRIES = 2;

/** What a relay hands to each session. */
export interface SessionSetup {
  readonly id: string;
  readonly eventsUrl: string;
  readonly controlUrl: string;
  /** Where the session is read from instead of its channels: it has none then. */
  readonly stderr?: Readable | undefined;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly pingMs: number;
  readonly configured: ConfiguredControl | undefined;
  readonly journal: Journal;
  readonly handlers: TelemetryHandlers;
  /** Asked for each envelope before it goes to the journal. */
  readonly allows: (envelope: Envelope) => boolean;
  readonly onState: (session: Session) => void;
  readonly onClose: (session: Session) => void;
}

/** What of the books is kept with the position, so that a restart goes on counting. */
export interface SessionSums {
  readonly lines: number;
  readonly telemetry: TelemetryBooks;
  readonly messages: MessageBooks;
  /** Over all starts of the runner but the newest. */
  readonly startsBefore: StartSums;
}

/** Made by `relay.open`. */
export class Session {
  readonly id: string;
  /** In milliseconds since 1970. */
  readonly openedAt: number;
  readonly #setup: SessionSetup;
  readonly #abort = new AbortController();
  readonly #starts: Starts;
  readonly #place: Place;
  readonly #latency: Latency;
  readonly #dispatch: Dispatch;
  readonly #channel = new ChannelBooks();
  readonly #handlers = new Handlers();
  readonly #handle: ReturnType<TelemetryHandlers['of']>;
  readonly #requests: Requests;
  readonly #control: ControlChannel;
  readonly #desired: DesiredControl;
  readonly #pings: Pings;
  readonly #running: Promise<unknown>;
  #state: SessionState = 'connecting';
  #closing: Promise<void> | undefined;
  /** The segment that was asked for once more, undefined for the first of all; -1 is none. */
  #wentBackTo: number | undefined = -1;

  constructor(setup: SessionSetup) {
    this.id = setup.id;
    this.#setup = setup;
    this.#handle = setup.handlers.of(setup.id);
    const { clock, connection, journal } = setup;
    const { signal } = this.#abort;
    this.openedAt = clock.wall();
    this.#latency = new Latency(clock);
    const known = journal.session(setup.id) as { position: Position; books: SessionSums } | undefined;
    const { position, books } = known ?? {};
    this.#place = new Place(position);
    this.#starts = new Starts(position?.telemetry, books?.startsBefore);
    this.#channel.lines = books?.lines ?? 0;
    const replays = new Replays(this.#starts);
    this.#dispatch = new Dispatch({
      session: setup.id,
      replays,
      allows: setup.allows,
      latency: this.#latency,
      from: books,
      onMessage: (message) => this.#message(message),
    });
    this.#requests = new Requests(clock);
    this.#control = new ControlChannel(setup.controlUrl, { ...connection, clock }, clock, () => this.#reached(true));
    this.#desired = new DesiredControl({
      channel: setup.stderr ? undefined : this.#control,
      clock,
      configured: setup.configured,
    });
    const onPing = (reached: boolean) => this.#reached(reached);
    this.#pings = new Pings({ control: this.#control, clock, everyMs: setup.pingMs, signal, onPing });
    if (setup.stderr) this.#state = 'waiting';
    this.#running = setup.stderr ? this.#followStderr(setup.stderr) : Promise.all([this.#follow(), this.#pings.run()]);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Of the last ten seconds; undefined without events. */
  get latency(): LatencyFigures | undefined {
    return this.#latency.figures;
  }

  /** What is wanted of the runner's telemetry, and what the runner says to it. PROTOCOL.md section 8.6. */
  get control(): DesiredState {
    return this.#desired;
  }

  /** Every line and message, by what became of it. */
  get books(): SessionBooks {
    return {
      ...this.#channel.books,
      telemetry: { ...this.#dispatch.telemetry },
      messages: {
        ...this.#dispatch.messages,
        byType: { ...this.#dispatch.messages.byType },
        handlerFailures: this.#handlers.failures,
      },
      starts: this.#starts.books,
      sums: this.#starts.sums,
      dropped: this.#starts.dropped,
      pings: this.#pings.books,
      control: {
        opened: this.#control.opened,
        requestsWaiting: this.#requests.waiting,
        answer: this.#desired.answer,
      },
    };
  }

  /** Calls `handler` with each message of `type` from now on; the result takes it back. What it throws is counted and stays here. PROTOCOL.md section 8.1. */
  on<T extends MessageType>(type: T, handler: Handler<T>): () => void {
    return this.#handlers.on(type, handler);
  }

  /**
   * Sends a control message with a `request_id` of its own and resolves with the runner's answer. Waits for a channel or server that is away.
   * Rejects with TrickleError `invalid` (the fields are not what PROTOCOL.md section 8.2 says), `refused` (the runner answered with an error, or there is no control channel),
   * `gave_up` (no answer within `timeoutMs`, default 10,000) or `aborted` (the session was closed).
   */
  async request(
    type: Exclude<ControlMessage['type'], 'ping' | 'keep' | 'control'>,
    fields: Readonly<Record<string, unknown>> = {},
    { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
  ): Promise<EventMessage> {
    if (this.#closing) throw new TrickleError('aborted', 'the session was closed');
    if (this.#setup.stderr) throw new TrickleError('refused', 'the session has no control channel');
    const id = crypto.randomUUID();
    const message = { ...fields, type, request_id: id };
    const { error } = controlMessage.safeParse(message);
    if (error) throw new TrickleError('invalid', `no ${type} message: ${error.message}`, { cause: error });
    const answered = new AbortController();
    const answer = this.#requests.answer(id, timeoutMs).finally(() => answered.abort());
    const failed = this.#control.send(() => message, answered.signal).then(() => answer);
    return Promise.race([answer, failed]);
  }

  /** Stops reading at once, then ends the control channel's segment (at most 1 s). What was read is in the journal. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    this.#requests.abort();
    this.#desired.close();
    await Promise.all([this.#running, this.#control.close()]);
    this.#setup.onClose(this);
  }

  /** Reads the events channel again and again: that it ends or is not there yet does not end the session. */
  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    for (let attempts = 1; !signal.aborted; attempts++) {
      const before = this.#channel.lines;
      await this.#read(signal);
      if (this.#channel.lines > before) attempts = 1;
      await pause(this.#setup.clock, backoffMs(attempts, 250, 1000), signal);
    }
  }

  /** Of a runner without a network; its ordinary output becomes log lines. PROTOCOL.md section 8.7. */
  async #followStderr(stream: Readable): Promise<void> {
    const listener = {
      onLines: (lines: readonly JsonlLine<EventLine>[]) => this.#take(lines),
      onText: (lines: readonly string[]) => this.#handlers.call({ type: 'logs', lines: [...lines] }),
      onBad: (reason: string) => this.#channel.bad(reason),
    };
    await followStderr(stream, listener, this.#abort.signal).catch((error) => {
      this.#channel.error = String(error);
    });
    this.#become('waiting');
    this.#starts.channelEnded();
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { eventsUrl, connection, clock } = this.#setup;
    this.#place.rejoin();
    const { epoch, segment: from = 'oldest' } = this.#place;
    const subscription = subscribe(eventsUrl, {
      ...connection,
      clock,
      signal,
      from,
      ...(epoch !== undefined && { epoch }),
      waitForChannel: true,
      retries: SUBSCRIPTION_RETRIES,
    });
    const reader = readJsonl(subscription, { parse: readEventLine });
    this.#channel.reading(subscription, reader);
    try {
      for await (const lines of reader) {
        if (subscription.stats.cut > 0 && this.#isSameLife(lines) && this.#goBack()) break;
        this.#take(lines);
      }
    } catch (error) {
      // Whatever ended the subscription, the next one goes on from here.
      this.#channel.error = String(error);
    }
    this.#channel.read();
    this.#become(this.#state === 'live' ? 'waiting' : this.#state);
    if (subscription.end !== 'ended') return;
    this.#place.finish();
    this.#starts.channelEnded();
  }

  /** Of a life that is over there is no rest to be had; to ask for it would only find the new life once more. */
  #isSameLife([line]: readonly JsonlLine<EventLine>[]): boolean {
    return this.#place.epoch === undefined || line?.epoch === this.#place.epoch;
  }

  /** The connection broke in the middle of a segment, and the subscription has gone on to the next: its rest is asked for once more, by a new subscription. */
  #goBack(): boolean {
    const { segment } = this.#place;
    if (segment === this.#wentBackTo) return false;
    this.#wentBackTo = segment;
    return true;
  }

  #take(lines: readonly JsonlLine<EventLine>[]): void {
    const envelopes: Envelope[] = [];
    const handled: TelemetryEvent[] = [];
    const { journal, handlers, clock } = this.#setup;
    // One time for a network chunk: rows of one time are written together (journal/insert.ts).
    const receivedAt = clock.wall();
    let entered = 0;
    for (const line of lines) {
      if (!this.#place.enter(line)) continue;
      entered++;
      const envelope = this.#dispatch.take(line, receivedAt);
      if (!envelope) continue;
      envelopes.push(envelope);
      // It has become an envelope, so it is an event.
      if (!handlers.idle) handled.push(line.value.wholeEvent);
    }
    if (entered === 0) return;
    this.#channel.lines += entered;
    this.#become('live');
    // It is committed soon, and at once when much waits: there is no need to wait for it.
    void journal.append(this.id, inOwnMemory(envelopes), this.#position(), this.#sums());
    for (const event of handled) this.#handle(event);
  }

  #sums(): SessionSums {
    return {
      lines: this.#channel.lines,
      telemetry: { ...this.#dispatch.telemetry },
      messages: { ...this.#dispatch.messages, byType: { ...this.#dispatch.messages.byType } },
      startsBefore: this.#starts.sumsBefore,
    };
  }

  #position(): Position {
    const { epoch, segment = 0, lines } = this.#place;
    return { channelEpoch: epoch, segment, lines, telemetry: this.#starts.newest };
  }

  #message(message: EventMessage): void {
    if (message.type === 'losses' && isEpoch(message.epoch)) this.#starts.report(message);
    if (message.type === 'runner_ready' && isEpoch(message.epoch)) this.#starts.begin(message.epoch);
    if (message.type === 'runner_ready' || message.type === 'losses') this.#desired.heard(message);
    if (message.type === 'control_applied' || message.type === 'control_refused') this.#desired.answered(message);
    if (message.type === 'pong') this.#pings.pong(message);
    this.#requests.settle(message);
    this.#handlers.call(message);
  }

  #reached(server: boolean): void {
    // While events come the server is there, whatever becomes of the control channel.
    if (this.#state !== 'live') this.#become(server ? 'waiting' : 'connecting');
  }

  #become(state: SessionState): void {
    // That a session which is being closed reads no more is no news.
    if (state === this.#state || this.#abort.signal.aborted) return;
    this.#state = state;
    try {
      this.#setup.onState(this);
    } catch {
      // As with handlers: what is told to others must end neither the session nor, from a ping, the process.
      this.#handlers.failures++;
    }
  }
}
