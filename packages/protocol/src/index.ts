export { unlessAborted } from './abort.ts';
export { type Clock, pause, systemClock, type TimerOptions } from './clock.ts';
export {
  type ControlInForce,
  type ControlState,
  type ControlVersion,
  controlInForce,
  controlState,
  controlVersion,
  type EffectiveState,
  effectiveState,
  LOG_LEVELS,
  type LogLevel,
} from './control-state.ts';
export { type Envelope, isTelemetryEvent, type TelemetryEvent } from './envelope.ts';
export { TrickleError, type TrickleErrorCode } from './error.ts';
export { channelListing, type ListedChannel } from './listing.ts';
export { type Found, memberFinder, type Range } from './members.ts';
export {
  type ControlMessage,
  channelUrl,
  controlMessage,
  type EventMessage,
  eventMessage,
  type Losses,
  NETWORK_EVENT,
  sessionChannels,
  TELEMETRY,
} from './messages.ts';
export { matchesPattern } from './pattern.ts';
export { isChannelName, isReservedName, parseSeq, SEQ_CURRENT, SEQ_MAX, SEQ_NEXT, SEQ_OLDEST } from './seq.ts';
export { type SendReport, type Sink, SinkError, type SinkErrorKind, type SinkTraits } from './sink.ts';
export {
  readStderrLine,
  STDERR_ERROR,
  STDERR_LINE_BYTES,
  STDERR_TELEMETRY,
  type StderrLine,
} from './stderr.ts';
export {
  CHANGES,
  CHANNELS,
  EVENT_CAP_BYTES,
  Header,
  isJsonl,
  JSONL,
  NEXT,
  Reason,
  ROLL_BYTES,
  ROLL_MS,
  STOCK_READER_BYTES,
  Status,
  TERMINATED,
} from './wire.ts';
