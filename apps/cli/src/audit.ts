/** `runnel audit`: whether the books of a journal balance. */
import { type Ledger, openReader, type SinkLine } from '@runnel/client';
import { Command } from 'commander';
import { CommandError, Exit } from './exit.ts';
import { table } from './table.ts';
import { put, type Terminal } from './terminal.ts';

interface AuditFlags {
  readonly journal?: string;
  readonly json?: boolean;
}

export function auditCommand(terminal: Terminal): Command {
  return new Command('audit')
    .summary("print a journal's books and whether they balance")
    .description(
      'Prints what each session brought and what became of it for each sink, and ends with 1 if a line does not balance:\nin = relayed + malformed + replay + withheld, and in = out + pending + dropped. The relay may be running.',
    )
    .argument('[path]', 'the journal')
    .option('--journal <path>', 'the journal, too')
    .option('--json', 'write one JSON object')
    .action((path: string | undefined, flags: AuditFlags) => run(path ?? flags.journal, flags, terminal));
}

async function run(path: string | undefined, { json }: AuditFlags, { stdout }: Terminal): Promise<void> {
  if (path === undefined) throw new CommandError('Say which journal: runnel audit PATH.', Exit.usage);
  const reader = openReader(path);
  try {
    const ledger = reader.ledger();
    await put(stdout, json ? `${JSON.stringify(ledger)}\n` : text(ledger));
    if (!ledger.balances) throw new CommandError(`The books of ${path} do not balance.`);
  } finally {
    reader.close();
  }
}

function text(ledger: Ledger): string {
  const tables = [
    sessions(ledger),
    journal(ledger),
    sinks(ledger),
    ...(ledger.consent.length > 0 ? [consent(ledger)] : []),
  ];
  return `${tables.join('\n')}\n${ledger.balances ? 'The books balance.' : 'The books do NOT balance.'}\n`;
}

function sessions({ sessions }: Ledger): string {
  const rows = sessions.map((line) => {
    const { session, in: came, relayed, malformed, replay, withheld, missed } = line;
    return [session, ...numbers(came, relayed, malformed, replay, withheld, missed), verdict(line)];
  });
  return table(['SESSION', 'IN', 'RELAYED', 'MALFORMED', 'REPLAY', 'WITHHELD', 'MISSED', ''], rows);
}

function journal({ journal }: Ledger): string {
  const { relayed, committed, dropped, rows, bytes } = journal;
  const row = ['', ...numbers(relayed, committed, dropped, rows, bytes), verdict(journal)];
  return table(['JOURNAL', 'RELAYED', 'COMMITTED', 'DROPPED', 'KEPT', 'BYTES', ''], [row]);
}

function sinks({ sinks }: Ledger): string {
  const rows = sinks.map((line) => {
    const { sink, in: came, out, pending, parked } = line;
    return [sink, ...numbers(came, out, pending, parked), dropped(line), verdict(line)];
  });
  return table(['SINK', 'IN', 'OUT', 'PENDING', 'PARKED', 'DROPPED', ''], rows);
}

function consent({ consent }: Ledger): string {
  const rows = consent.map(({ user, at, envelopes }) => [user, new Date(at).toISOString(), `${envelopes}`]);
  return table(['CONSENT TAKEN BACK BY', 'AT', 'NOT SENT'], rows);
}

const numbers = (...values: readonly number[]) => values.map(String);
const verdict = ({ balances }: { readonly balances: boolean }) => (balances ? '' : 'DOES NOT BALANCE');

/** The sum, and what it is made of. */
export function dropped({ dropped }: SinkLine): string {
  const reasons = Object.entries(dropped);
  const sum = reasons.reduce((total, [, count]) => total + count, 0);
  return sum === 0 ? '0' : `${sum} (${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')})`;
}
