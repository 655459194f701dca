/** Light or dark: as the system has it, until someone chooses. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'runnel-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export const theme = signal<Theme>(stored());
/** Whether the page is dark now. Charts are drawn, so they need to know. */
export const isDark = signal(false);

export function followTheme(): void {
  const systemDark = signal(dark.matches);
  dark.addEventListener('change', ({ matches }) => {
    systemDark.value = matches;
  });
  effect(() => {
    isDark.value = theme.value === 'system' ? systemDark.value : theme.value === 'dark';
    document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
  });
}

/** From one to the next: system, light, dark. */
export function turnTheme(): void {
  theme.value = theme.peek() === 'system' ? 'light' : theme.peek() === 'light' ? 'dark' : 'system';
  try {
    localStorage.setItem(KEY, theme.peek());
  } catch {
    // A browser that keeps nothing: the choice holds for this page.
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
