/** What the views share: the feed, its history, and the one session that is being watched. */
import { type Signal, signal } from '@preact/signals';
import { type Channels, followChannels } from './channels.ts';
import { type Feed, openFeed } from './feed.ts';
import { History } from './history.ts';
import { type Watch, watchSession } from './watch.ts';

export interface Page {
  readonly feed: Feed;
  readonly history: History;
  readonly channels: Signal<Channels>;
  /** Watches this session from now on, and no other. */
  watch(server: string, session: string): Watch;
}

export function openPage(): Page {
  const feed = openFeed();
  const history = new History();
  feed.onTick((tick) => history.take(tick));
  let watched: { readonly server: string; readonly watch: Watch } | undefined;
  return {
    feed,
    history,
    channels: followChannels(),
    watch(server, session) {
      if (watched?.server === server && watched.watch.session === session) return watched.watch;
      watched?.watch.close();
      watched = { server, watch: watchSession(server, session) };
      return watched.watch;
    },
  };
}

/** Whether the keys are shown. */
export const helpOpen = signal(false);
