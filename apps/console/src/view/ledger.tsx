/** The books of a session, hop by hop, each an equation; one that does not hold is marked. */
import { count } from '../model/format.ts';
import { balances, type Hop, ledgerOf, type Term } from '../model/ledger.ts';
import { visible } from '../model/text.ts';
import type { FeedStatus, SessionStatus } from '../model/wire.ts';
import { Tag } from './parts/chip.tsx';
import { Panel } from './parts/panel.tsx';

export interface LedgerProps {
  readonly session: SessionStatus;
  readonly status: FeedStatus;
  /** What the runner did not emit because it was asked not to: in none of the sums. */
  readonly withheld: Readonly<Record<string, number>>;
}

export function LedgerPanel({ session, status, withheld }: LedgerProps) {
  const hops = ledgerOf(session, status);
  const mark = balances(hops) ? <Tag tone="good">✓ balances</Tag> : <Tag tone="bad">✗ does not balance</Tag>;
  return (
    <Panel title="Ledger" class="ledger" aside={mark}>
      <ol class="hops">
        {hops.map((hop) => (
          <HopLine key={`${hop.where} ${hop.what}`} hop={hop} />
        ))}
      </ol>
      {Object.keys(withheld).length > 0 && (
        <p class="withheld remark num">
          Not emitted, because it was asked not to, and in none of the sums:{' '}
          {Object.entries(withheld)
            .map(([reason, n]) => `${count(n)} ${visible(reason, 40)}`)
            .join(', ')}
          .
        </p>
      )}
    </Panel>
  );
}

function HopLine({ hop }: { hop: Hop }) {
  const { where, what, whole, terms, off, remark } = hop;
  return (
    <li class={off ? 'bad' : ''}>
      <header>
        <b>{where}</b> <span class="dim">{visible(what, 80)}</span>
        <span class="spacer" />
        {off === undefined ? (
          <Tag tone="idle">not known yet</Tag>
        ) : off === 0 ? (
          <Tag tone="good">✓</Tag>
        ) : (
          <Tag tone="bad">✗ off by {count(off)}</Tag>
        )}
      </header>
      {off !== undefined && (
        <p class="sum num">
          <TermView term={whole} />
          {terms.map((term, n) => (
            <span key={term.name} class="pair">
              <i>{n === 0 ? '=' : '+'}</i>
              <TermView term={term} />
            </span>
          ))}
        </p>
      )}
      {remark && <p class="remark">{remark}</p>}
    </li>
  );
}

function TermView({ term }: { term: Term }) {
  const parts = Object.entries(term.parts ?? {}).filter(([, n]) => n > 0);
  const all = parts.map(([name, n]) => `${visible(name, 64)}: ${count(n)}`).join('\n');
  return (
    <span
      class={`term ${term.isLoss && term.count > 0 ? 'loss' : ''} ${term.count === 0 ? 'nought' : ''}`}
      title={all || undefined}
    >
      <b>{count(term.count)}</b>
      <small>{term.name}</small>
    </span>
  );
}
