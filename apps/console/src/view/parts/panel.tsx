import type { ComponentChildren } from 'preact';

export interface PanelProps {
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Panel({ title, aside, class: own = '', children }: PanelProps) {
  return (
    <section class={`panel ${own}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A figure with its name, large enough to be read across a room. */
export function Figure({
  name,
  title,
  tone,
  children,
  spark,
}: {
  name: string;
  title?: string;
  tone?: string;
  children: ComponentChildren;
  spark?: ComponentChildren;
}) {
  return (
    <div class={`tile ${tone ?? ''}`} title={title}>
      <span class="name">{name}</span>
      <span class="value num">{children}</span>
      {spark}
    </div>
  );
}
