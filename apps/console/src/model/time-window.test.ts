import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseRoute, route } from './route.ts';
import { canGoBack, goBack, setLength, timeWindow, zoomTo } from './time-window.ts';

beforeEach(() => {
  const location = { hash: '' };
  vi.stubGlobal('location', location);
  vi.stubGlobal('history', { replaceState: (_: unknown, __: string, to: string) => (location.hash = to) });
});
afterEach(() => vi.unstubAllGlobals());

const go = (hash: string) => {
  location.hash = hash;
  route.value = parseRoute(hash);
};

it('goes back step by step, and stands in the address', () => {
  go('#/session/a');
  setLength(900_000);
  zoomTo(1_000_000, 1_060_000);
  expect(location.hash).toBe('#/session/a?w=60&to=1060000');
  goBack();
  expect(timeWindow()).toEqual({ lengthMs: 900_000, to: undefined });
  goBack();
  expect(location.hash).toBe('#/session/a');
  expect(canGoBack()).toBe(false);
});

it('does not go back to the window of another session', () => {
  go('#/session/a');
  zoomTo(1_000_000, 1_060_000);
  go('#/session/b');
  expect(canGoBack()).toBe(false);
  goBack();
  expect(location.hash).toBe('#/session/b');
});
