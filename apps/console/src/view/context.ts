import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Page } from '../model/page.ts';

export const PageContext = createContext<Page | undefined>(undefined);

/** The page's models. */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('There is no page around this view');
  return page;
}
