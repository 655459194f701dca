/** Keys of the whole page. An element that carries `data-key` is clicked by that key. */
import { helpOpen } from '../model/page.ts';
import { turnTheme } from '../model/theme.ts';

/** How long after `g` the second key may come. */
const CHORD_MS = 1_000;

export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['/', 'Search or filter'],
  ['↑ ↓', 'From row to row'],
  ['Enter', 'Open the row'],
  ['Esc', 'Close, or clear the filter'],
  ['g o', 'Go to the overview'],
  ['g s', 'Go to the sinks'],
  ['p', 'Pause the event tail, or go on'],
  ['c', 'Stop the charts, or follow again'],
  ['[ ]', 'Charts: earlier, later'],
  ['b', 'Charts: back to the window before'],
  ['t', 'Light, dark, as the system'],
  ['?', 'These keys'],
];

export function followKeys(): void {
  let chordAt = Number.NEGATIVE_INFINITY;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target, key } = event;
    if (isField(target)) {
      if (key === 'Escape') leave(target);
      return;
    }
    const inChord = event.timeStamp - chordAt < CHORD_MS;
    chordAt = key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
    if (inChord && (key === 'o' || key === 's')) location.hash = key === 'o' ? '#/' : '#/sinks';
    else if (!act(key)) return;
    event.preventDefault();
  });
}

function act(key: string): boolean {
  if (document.querySelector('dialog[open]')) return false;
  if (key === '?') helpOpen.value = true;
  else if (key === 't') turnTheme();
  else if (key === '/') document.querySelector<HTMLElement>('[data-search]')?.focus();
  else {
    const element = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    element?.click();
    return element !== null;
  }
  return true;
}

/** Clears a filter, or leaves it if it is clear. */
function leave(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): void {
  if (!('search' in field.dataset) || field.value === '') {
    field.blur();
    return;
  }
  field.value = '';
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

const isField = (target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
