import { expect, it } from 'vitest';
import { parseRoute, sessionLink, sinkLink } from './route.ts';

it('reads the views from the address', () => {
  expect(parseRoute('')).toMatchObject({ view: 'overview', id: undefined });
  expect(parseRoute('#/?q=cam')).toMatchObject({ view: 'overview' });
  expect(parseRoute('#/sinks')).toMatchObject({ view: 'sinks', id: undefined });
  expect(parseRoute('#/session/')).toMatchObject({ view: 'unknown' });
  expect(parseRoute('#/elsewhere')).toMatchObject({ view: 'unknown' });
  expect(parseRoute('#/session/demo?type=a&q=b%20c').params.get('q')).toBe('b c');
});

it.each(['demo', 'a/b?c#d', 'ü %', '<b>', '100%', '.', '..'])('a link to %s leads there', (id) => {
  expect(parseRoute(sessionLink(id))).toMatchObject({ view: 'session', id });
  expect(parseRoute(sinkLink(id))).toMatchObject({ view: 'sinks', id });
});

it('takes a stray % in a link typed by hand as it is', () => {
  expect(parseRoute('#/session/50%')).toMatchObject({ view: 'session', id: '50%' });
});
