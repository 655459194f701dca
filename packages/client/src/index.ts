export type { HandlerBooks } from './attached-handler.ts';
export type { SessionBooks } from './books.ts';
export { type Consent, type ConsentOptions, consentFromEnv, explicitConsent } from './consent.ts';
export { type ConfiguredControl, type ControlConfig, controlFromEnv } from './control-config.ts';
export type { ControlAnswer, ControlStatus, DesiredState } from './control-status.ts';
export type { MessageBooks, TelemetryBooks } from './dispatch.ts';
export { createEndpoint, type EndpointOptions } from './endpoint/endpoint.ts';
export type {
  DeadEntry,
  DeadPage,
  FeedHello,
  FeedStatus,
  ReplayAnswer,
  ReplayBody,
  ServerChannel,
  SessionControl,
} from './endpoint/wire.ts';
export type {
  EventHandler,
  EventHandlers,
  EventHandlersBooks,
  EventHandlersOptions,
  HandledEvent,
  HandledName,
} from './handled-event.ts';
export type { Handler, MessageOf, MessageType } from './handlers.ts';
export { type AskOptions, askJournal } from './journal/ask.ts';
export type { CursorBooks, DropReason } from './journal/cursor.ts';
export type { DeadLetter } from './journal/dead-letter.ts';
export type { Errand } from './journal/errands.ts';
export type { Journal, JournalStatus } from './journal/journal.ts';
export type { JournalLine, Ledger, SessionLine, SinkLine } from './journal/ledger.ts';
export { type JournalOptions, openJournal } from './journal/open.ts';
export { type JournalReader, openReader } from './journal/reader.ts';
export type { Request } from './journal/request.ts';
export type { LaneState, LaneStatus } from './lane/lane.ts';
export type { LatencyFigures } from './latency.ts';
export { type Outlets, type OutletsOptions, openOutlets } from './outlets.ts';
export type { PingBooks } from './pings.ts';
export type { Position, TelemetryPosition } from './position.ts';
export {
  createRelay,
  type OpenOptions,
  type Relay,
  type RelayOptions,
  type RelayReport,
  type RelayStatus,
  type SessionStatus,
} from './relay.ts';
export { type RelayServing, type ServeRelayOptions, serveRelay } from './serve-relay.ts';
export type { Session, SessionState } from './session.ts';
export type { StartBook } from './starts.ts';
export { createTail, type Tail } from './tail.ts';
