/** A table that is sorted by its heads, walked by arrow keys, and shows no more rows than a person reads. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { route, setParam } from '../../model/route.ts';

export interface Column<Row> {
  readonly name: string;
  readonly label: string;
  readonly title?: string;
  /** Figures stand at the right. */
  readonly isFigure?: boolean;
  /** What to sort by; without it the column cannot be. */
  readonly by?: (row: Row) => number | string;
  readonly cell: (row: Row) => ComponentChildren;
  /** More about the cell, on hover. */
  readonly hover?: (row: Row) => string | undefined;
  readonly class?: string;
}

export interface TableProps<Row> {
  /** Names the sorting in the address. */
  readonly name: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** The column to sort by at first; with `-` before it from the largest down. */
  readonly sort: string;
  /** Where a row leads. */
  readonly hrefOf?: (row: Row) => string;
  readonly isSelected?: (row: Row) => boolean;
}

const AT_ONCE = 100;

export function Table<Row>(props: TableProps<Row>) {
  const { name, rows, columns, keyOf, hrefOf, isSelected } = props;
  const [most, setMost] = useState(AT_ONCE);
  const param = `${name}-by`;
  const sort = route.value.params.get(param) ?? props.sort;
  const [by, down] = sort.startsWith('-') ? [sort.slice(1), true] : [sort, false];
  const sorted = sortedBy(rows, columns.find((column) => column.name === by)?.by, down);
  const turn = (column: Column<Row>) => {
    const next = column.name === by ? !down : column.isFigure === true;
    const value = `${next ? '-' : ''}${column.name}`;
    setParam(param, value === props.sort ? '' : value);
  };
  const box = useRef<HTMLDivElement>(null);
  useKeptFocus(box.current);
  return (
    <div class="scroll" ref={box}>
      <table onKeyDown={walk}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.name}
                class={cellClass(column)}
                aria-sort={by === column.name ? (down ? 'descending' : 'ascending') : undefined}
                title={column.title}
              >
                {column.by ? (
                  <button type="button" onClick={() => turn(column)}>
                    {column.label}
                  </button>
                ) : (
                  column.label
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, most).map((row) => {
            const href = hrefOf?.(row);
            return (
              <tr
                key={keyOf(row)}
                tabIndex={0}
                data-href={href}
                aria-selected={isSelected ? isSelected(row) : undefined}
                onClick={(event) => href !== undefined && follow(event, href)}
              >
                {columns.map((column) => (
                  <td key={column.name} class={cellClass(column)} data-label={column.label} title={column.hover?.(row)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {sorted.length > most && (
        <button type="button" class="more" onClick={() => setMost(most + AT_ONCE)}>
          {sorted.length - most} more
        </button>
      )}
    </div>
  );
}

/** A row that sorting moves is taken out of the document and put in again, and what has the focus in it would lose it. */
function useKeptFocus(box: HTMLElement | null): void {
  const { activeElement } = document;
  const focused = box?.contains(activeElement) && activeElement instanceof HTMLElement ? activeElement : undefined;
  useLayoutEffect(() => {
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  });
}

/** A click anywhere in the row follows its link, but for text being selected and links of its own. */
function follow({ target }: MouseEvent, href: string): void {
  if (target instanceof Element && target.closest('a, button')) return;
  if (getSelection()?.isCollapsed !== false) location.hash = href;
}

function walk(event: KeyboardEvent): void {
  const row = (event.target as Element).closest?.('tbody tr');
  if (!(row instanceof HTMLElement) || event.target !== row) return;
  if (event.key === 'Enter' && row.dataset.href) location.hash = row.dataset.href;
  const next =
    event.key === 'ArrowDown'
      ? row.nextElementSibling
      : event.key === 'ArrowUp'
        ? row.previousElementSibling
        : undefined;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

const cellClass = ({ isFigure, class: own }: { isFigure?: boolean; class?: string }) =>
  [isFigure && 'figure', own].filter(Boolean).join(' ') || undefined;

const words = new Intl.Collator(undefined, { numeric: true });

/** Rows that are equal stay in their order, whichever way it goes. */
function sortedBy<Row>(
  rows: readonly Row[],
  by: ((row: Row) => number | string) | undefined,
  down: boolean,
): readonly Row[] {
  if (!by) return rows;
  const keyed = rows.map((row) => [by(row), row] as const);
  const sign = down ? -1 : 1;
  keyed.sort(
    ([a], [b]) => sign * (typeof a === 'number' && typeof b === 'number' ? a - b : words.compare(String(a), String(b))),
  );
  return keyed.map(([, row]) => row);
}
