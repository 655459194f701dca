/** The trickle server's channels, as the relay fetches them for this page. */
import { type Signal, signal } from '@preact/signals';
import { ask, type EndpointError } from './endpoint.ts';
import type { ServerChannel } from './wire.ts';

export type Channels =
  | { readonly kind: 'loading' }
  | {
      readonly kind: 'known';
      readonly list: readonly ServerChannel[];
      readonly byName: ReadonlyMap<string, ServerChannel>;
    }
  | { readonly kind: 'failed'; readonly why: string; readonly status: number };

const EVERY_MS = 2_000;

/** Asks every 2 s while the page is visible. */
export function followChannels(): Signal<Channels> {
  const channels = signal<Channels>({ kind: 'loading' });
  const read = async () => {
    if (!document.hidden) {
      channels.value = await ask<ServerChannel[]>('channels').then(
        (list) => ({ kind: 'known', list, byName: new Map(list.map((each) => [each.name, each])) }) as const,
        ({ message, status }: EndpointError) => ({ kind: 'failed', why: message, status }) as const,
      );
    }
    setTimeout(read, EVERY_MS);
  };
  void read();
  return channels;
}

export function channelNamed(channels: Channels, name: string): ServerChannel | undefined {
  return channels.kind === 'known' ? channels.byName.get(name) : undefined;
}

/** Whether there may be a channel of that name: where they cannot be listed nobody knows. */
export function mayBeThere(channels: Channels, name: string): boolean {
  return channels.kind === 'failed' || channelNamed(channels, name) !== undefined;
}
