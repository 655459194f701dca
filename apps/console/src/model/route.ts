/** Where the page is: in the address' fragment, with filters, so that a link shows the next person the same. */
import { signal } from '@preact/signals';

export interface Route {
  readonly view: 'overview' | 'session' | 'sinks' | 'unknown';
  /** The session or the sink. */
  readonly id: string | undefined;
  readonly params: URLSearchParams;
}

export const route = signal<Route>(parseRoute(''));

/** `#/`, `#/session/<id>`, `#/sinks`, `#/sinks/<name>`, each with `?` and filters. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = split(hash.replace(/^#\/?/, ''), '?');
  const [view = '', id = ''] = split(path, '/');
  const params = new URLSearchParams(query);
  const name = decoded(id);
  if (view === '') return { view: 'overview', id: undefined, params };
  if (view === 'session' && name) return { view, id: name, params };
  if (view === 'sinks') return { view, id: name || undefined, params };
  return { view: 'unknown', id: undefined, params };
}

export const sessionLink = (id: string) => `#/session/${encodeURIComponent(id)}`;
export const sinkLink = (name: string) => `#/sinks/${encodeURIComponent(name)}`;

/** Follows the address from now on. */
export function followRoute(): void {
  const read = () => {
    route.value = parseRoute(location.hash);
  };
  addEventListener('hashchange', read);
  read();
}

/** Sets a filter in the address, without a step in the browser's history. An empty one is taken out. */
export function setParam(name: string, value: string): void {
  const { params } = route.value;
  if (value === '') params.delete(name);
  else params.set(name, value);
  const [path = ''] = split(location.hash || '#/', '?');
  const query = params.toString();
  history.replaceState(null, '', query ? `${path}?${query}` : path);
  route.value = parseRoute(location.hash);
}

function split(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray % in a link that was typed by hand.
    return text;
  }
}
