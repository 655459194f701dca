/** What stands where there is nothing to show, and why. */
import type { ComponentChildren } from 'preact';

export interface EmptyProps {
  readonly title: string;
  readonly text?: string;
  readonly action?: ComponentChildren;
  /** It is being waited for. */
  readonly busy?: boolean;
}

export function Empty({ title, text, action, busy = false }: EmptyProps) {
  return (
    <div class="empty" role="status">
      {busy && <i class="spinner" aria-hidden="true" />}
      <b>{title}</b>
      {text && <p>{text}</p>}
      {action}
    </div>
  );
}
