import { count, short } from '../../model/format.ts';
import { visible } from '../../model/text.ts';

const AT_ONCE = 3;

/** Counts by reason, the largest first. */
export function Losses({ losses }: { losses: readonly (readonly [reason: string, count: number])[] }) {
  if (losses.length === 0) return <span class="nought">0</span>;
  const rest = losses.slice(AT_ONCE);
  const all = losses.map(([reason, n]) => `${visible(reason, 64)}: ${count(n)}`).join('\n');
  return (
    <span class="reasons" title={all}>
      {losses.slice(0, AT_ONCE).map(([reason, n]) => (
        <span key={reason} class="reason">
          <b class="num">{short(n)}</b> {visible(reason.replaceAll('_', ' '), 32)}
        </span>
      ))}
      {rest.length > 0 && <span class="reason">+{rest.length}</span>}
    </span>
  );
}
