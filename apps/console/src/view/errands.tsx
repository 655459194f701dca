/** What was asked of the journal, with how far it is. */
import { count, exactly } from '../model/format.ts';
import { visible } from '../model/text.ts';
import type { Errand } from '../model/wire.ts';
import { Tag } from './parts/chip.tsx';

const WORDS = { waiting: 'waits', running: 'runs', done: 'done', failed: 'failed' } as const;

export function Errands({ errands }: { errands: readonly Errand[] }) {
  if (errands.length === 0) return null;
  return (
    <ul class="errands">
      {errands.slice(-3).map(({ id, kind, askedAt, state, done, total, error }) => (
        <li key={id}>
          <span title={exactly(askedAt)}>
            {visible(kind, 40)}{' '}
            <Tag tone={state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'warn'}>{WORDS[state]}</Tag>
          </span>
          <progress
            max={Math.max(1, total ?? 1)}
            {...((total !== undefined || state === 'done') && {
              value: state === 'done' ? Math.max(1, total ?? 1) : done,
            })}
            aria-label={`${kind}: ${done} of ${total ?? 'unknown'}`}
          />
          <span class="num">
            {count(done)} / {count(total)}
          </span>
          {error !== undefined && <span class="loss">{visible(error, 300)}</span>}
        </li>
      ))}
    </ul>
  );
}
