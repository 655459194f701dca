/** Markdown tables, and numbers in them. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), ''];
}

/** With separators; three digits where it is small, nothing where there is none. */
export function count(value: number | undefined): string {
  if (value === undefined) return '';
  return value.toLocaleString('en', {
    maximumSignificantDigits: value >= 1000 || Number.isInteger(value) ? 21 : 3,
    maximumFractionDigits: 0,
  });
}
