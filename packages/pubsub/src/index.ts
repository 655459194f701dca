export { backoffMs } from './backoff.ts';
export type { Connection, ExtraHeaders } from './connection.ts';
export { DropOldest } from './drop-oldest.ts';
export { type FetchFunction, fetchTransport } from './fetch-transport.ts';
export {
  type BadLine,
  type BadReason,
  type JsonlLine,
  type JsonlReader,
  type JsonlReaderOptions,
  type JsonlReaderStats,
  readJsonl,
} from './jsonl-reader.ts';
export {
  createJsonlWriter,
  type JsonlWriter,
  type JsonlWriterOptions,
  type JsonlWriterStats,
} from './jsonl-writer.ts';
export { createLineSplitter, type LineSplitter, type LineSplitterOptions } from './line-splitter.ts';
export type { Line } from './lines.ts';
export { listChannels } from './list-channels.ts';
export { type NodeTransportOptions, nodeTransport } from './node-transport.ts';
export {
  type ClosePublisherOptions,
  createPublisher,
  type Publisher,
  type PublisherOptions,
  type PublisherStats,
} from './publisher.ts';
export type { SegmentReader } from './segment-reader.ts';
export type { SegmentWriter } from './segment-writer.ts';
export {
  type SubscribeOptions,
  type SubscriberStats,
  type Subscription,
  type SubscriptionEnd,
  subscribe,
} from './subscriber.ts';
export type { Answer, GetRequest, PostRequest, Transport, Upload } from './transport.ts';
