/** What the person should know before reading any figure: that they stand still, or that something was missed. */

import type { Missed } from '../model/feed.ts';
import { count, exactly, secondOf, span } from '../model/format.ts';
import { visible } from '../model/text.ts';
import { usePage } from './context.ts';
import { now } from './now.ts';
import { Icon } from './parts/icon.tsx';

export function Banner() {
  const { feed } = usePage();
  const state = feed.state.value;
  if (state.kind === 'lost') {
    const at = feed.status.value?.at;
    const leftMs = state.retryAt - now.value;
    return (
      <div class="banner bad">
        <Icon name="warning" />
        <p>
          {/* Told once: the countdown beside it would be read out every second. */}
          <b role="alert">Connection to the relay lost</b> {span(now.value - state.since)} ago:{' '}
          {visible(state.why, 200)}.{' '}
          {at !== undefined && <span title={exactly(at)}>Figures are as of {secondOf(at)}. </span>}
          <span class="num">{leftMs > 0 ? `Next try in ${Math.ceil(leftMs / 1000)} s.` : 'Trying now.'}</span>
        </p>
        <button type="button" onClick={() => feed.retry()}>
          Try now
        </button>
      </div>
    );
  }
  if (state.kind === 'denied' && feed.status.value) {
    return (
      <div class="banner bad" role="alert">
        <Icon name="warning" />
        <p>
          <b>The relay asks for its token.</b> Figures stand still.
        </p>
        <a class="button" href="login">
          Enter the token
        </a>
      </div>
    );
  }
  const missed = feed.missed.value;
  if (missed && state.kind === 'open')
    return <MissedBanner missed={missed} onClose={() => (feed.missed.value = undefined)} />;
  return null;
}

function MissedBanner({ missed, onClose }: { missed: Missed; onClose: () => void }) {
  return (
    <div class="banner warn" role="status">
      <Icon name="warning" />
      <p>
        <b>Back after {span(missed.forMs)}.</b>{' '}
        {missed.restarted
          ? 'The relay was started anew meanwhile: what it holds in memory began at zero.'
          : `${count(missed.events)} events came meanwhile; their figures are in the counters, not in the charts.`}
      </p>
      <button type="button" class="icon" onClick={onClose} aria-label="Dismiss" title="Dismiss">
        <Icon name="close" />
      </button>
    </div>
  );
}
