/** What is told of a channel. PROTOCOL.md section 3.8. */
import type { Channel } from './channel.ts';

export interface ChannelStatus {
  readonly name: string;
  readonly mime: string;
  readonly epoch: string;
  /** The next seq to be written. */
  readonly head: number;
  /** The oldest seq kept, or null. */
  readonly oldest: number | null;
  readonly readers: number;
  readonly writers: number;
  /** What its segments hold. */
  readonly bytes: number;
  readonly closed: boolean;
}

export function channelStatus(channel: Channel): ChannelStatus {
  const { name, mime, epoch, head, readers, writers, closed, window } = channel;
  let bytes = 0;
  for (const segment of window.segments.values()) bytes += segment.bytes;
  return { name, mime, epoch, head, oldest: window.oldest ?? null, readers, writers, bytes, closed };
}

/** By name. */
export function listing(channels: Channel[]): ChannelStatus[] {
  return channels.map(channelStatus).sort((a, b) => (a.name < b.name ? -1 : 1));
}
