/** One event in full: as text, whatever it holds. */
import { useState } from 'preact/hooks';
import { bytes, count, dateOf, exactly } from '../model/format.ts';
import type { TailEvent } from '../model/tail-event.ts';
import { visible, visibleLines } from '../model/text.ts';
import { Icon } from './parts/icon.tsx';
import { Json } from './parts/json.tsx';

export function EventDetail({ event, onClose }: { event: TailEvent; onClose: () => void }) {
  const { at, kind, type, text, note } = event;
  return (
    <aside class="detail" aria-label="One event">
      <header>
        <h3>{visible(type, 120)}</h3>
        <span class="dim num" title={exactly(at)}>
          {dateOf(at)}
        </span>
        <span class="spacer" />
        {note === undefined && <CopyButton text={text} />}
        <button type="button" class="icon" data-key="Escape" onClick={onClose} aria-label="Close" title="Close (Esc)">
          <Icon name="close" />
        </button>
      </header>
      <p class="dim num">
        {visible(kind, 60)} · {count(text.length)} characters
      </p>
      {note === undefined ? <FullText text={text} /> : <p>{note}</p>}
    </aside>
  );
}

/** More than this is not laid out: copying gives all of it. */
const MOST_SHOWN = 65_536;

/** JSON set out line by line; where it is long, its beginning as it came. */
export function FullText({ text }: { text: string }) {
  if (text.length > MOST_SHOWN) {
    return (
      <>
        <p class="tag warn">
          The first {bytes(MOST_SHOWN)} of {bytes(text.length)}. Copy gives all of it.
        </p>
        <pre class="json">{visibleLines(text, MOST_SHOWN)}</pre>
      </>
    );
  }
  return <Json text={text} />;
}

export function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState<boolean>();
  const copy = async () => {
    // Absent where the page did not come over HTTPS or from this machine.
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    setCopied(done ?? false);
    setTimeout(() => setCopied(undefined), 1500);
  };
  return (
    <button type="button" onClick={copy} title="Copy the line as it came">
      <Icon name={copied ? 'check' : 'copy'} />
      {copied === undefined ? 'Copy' : copied ? 'Copied' : 'Not allowed here'}
    </button>
  );
}
