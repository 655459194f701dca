/** A state, by shape, colour and word. */
import type { ComponentChildren } from 'preact';
import type { Standing, Tone } from '../../model/session-state.ts';

/** The shape tells the tones apart for those who see no colour. */
export function Dot({ tone }: { tone: Tone }) {
  return <i class={`dot ${tone}`} aria-hidden="true" />;
}

export function Tip({ tone, word, sentence }: Standing) {
  return (
    <span class={`chip ${tone}`} title={sentence}>
      <Dot tone={tone} />
      <span class="word">{word}</span>
    </span>
  );
}

export function Tag({ tone, title, children }: { tone: Tone; title?: string; children: ComponentChildren }) {
  return (
    <span class={`tag ${tone}`} title={title}>
      {children}
    </span>
  );
}
