/** Asks whether dead letters shall be sent again. */
import { useState } from 'preact/hooks';
import { ask, type EndpointError } from '../model/endpoint.ts';
import { count } from '../model/format.ts';
import { visible } from '../model/text.ts';
import { Dialog } from './parts/dialog.tsx';

/** One letter, or all. */
export type Wish = { readonly number: number } | { readonly all: true };

interface ReplayDialogProps {
  readonly sink: string;
  readonly path: string;
  readonly wish: Wish;
  readonly total: number;
  readonly onClose: () => void;
}

export function ReplayDialog({ sink, path, wish, total, onClose }: ReplayDialogProps) {
  const [state, setState] = useState<'idle' | 'asking' | { readonly why: string }>('idle');
  const what =
    'all' in wish
      ? total === 1
        ? 'the dead letter'
        : `all ${count(total)} dead letters`
      : `dead letter ${count(wish.number)}`;
  const send = () => {
    setState('asking');
    ask<unknown>(`${path}/replay`, { method: 'POST', body: wish }).then(onClose, ({ message }: EndpointError) =>
      setState({ why: message }),
    );
  };
  return (
    <Dialog title="Send again" onClose={onClose}>
      <p>
        This offers {what} to <b>{visible(sink, 60)}</b> again. What it refuses once more comes back here; what it had
        taken after all, it gets twice.
      </p>
      {typeof state === 'object' && (
        <p class="refusal" role="alert">
          {visible(state.why, 400)}
        </p>
      )}
      <div class="actions">
        <button type="button" class="primary" onClick={send} disabled={state === 'asking'}>
          {state === 'asking' ? 'Asking…' : 'Send again'}
        </button>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </Dialog>
  );
}
