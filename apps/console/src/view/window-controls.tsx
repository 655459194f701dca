/** What the time window of the charts is chosen with: its length, earlier and later, standing still. */
import { secondOf, span } from '../model/format.ts';
import { canGoBack, goBack, LENGTHS_MS, pauseOrGoOn, setLength, step } from '../model/time-window.ts';
import { Icon } from './parts/icon.tsx';

export interface WindowControlsProps {
  readonly lengthMs: number;
  /** Its end, where it stands still. */
  readonly stopped: number | undefined;
  readonly from: number;
}

export function WindowControls({ lengthMs, stopped, from }: WindowControlsProps) {
  return (
    <div class="window">
      {stopped !== undefined && (
        <span class="tag warn num" title="The charts stand still">
          {secondOf(from)} – {secondOf(stopped)}
        </span>
      )}
      <fieldset class="buttons" aria-label="Length of the window">
        {LENGTHS_MS.map((length) => (
          <button key={length} type="button" aria-pressed={length === lengthMs} onClick={() => setLength(length)}>
            {length === 3_600_000 ? '1 h' : `${length / 60_000} m`}
          </button>
        ))}
        {!LENGTHS_MS.some((length) => length === lengthMs) && (
          <button type="button" aria-pressed="true">
            {span(lengthMs)}
          </button>
        )}
      </fieldset>
      <fieldset class="buttons" aria-label="Time">
        <button
          type="button"
          class="icon"
          onClick={goBack}
          disabled={!canGoBack()}
          data-key="b"
          title="Back to the window before (b)"
          aria-label="Back to the window before"
        >
          <Icon name="back" />
        </button>
        <button
          type="button"
          class="icon"
          onClick={() => step(-1)}
          data-key="["
          title="Earlier ([)"
          aria-label="Earlier"
        >
          <Icon name="left" />
        </button>
        <button
          type="button"
          class="icon"
          onClick={() => step(1)}
          disabled={stopped === undefined}
          data-key="]"
          title="Later (])"
          aria-label="Later"
        >
          <Icon name="right" />
        </button>
        <button
          type="button"
          onClick={pauseOrGoOn}
          data-key="c"
          title={stopped === undefined ? 'Stop the charts (c)' : 'Follow the present (c)'}
        >
          <Icon name={stopped === undefined ? 'pause' : 'play'} />
          {stopped === undefined ? 'Pause' : 'Live'}
        </button>
      </fieldset>
    </div>
  );
}
