import { expect, test } from 'vitest';
import {
  basePath,
  baseUrl,
  channel,
  channelUrlArgument,
  count,
  from,
  header,
  origin,
  port,
  positive,
} from './arguments.ts';

test('a channel URL loses its trailing slash, and keeps its encoding and its query', () => {
  expect(channelUrlArgument('http://127.0.0.1:7800/demo')).toBe('http://127.0.0.1:7800/demo');
  expect(channelUrlArgument('https://host/ai/trickle/a%2Fb/?x=1#y')).toBe('https://host/ai/trickle/a%2Fb?x=1');
});

test.each([
  '',
  'demo',
  '127.0.0.1:7800/demo',
  'ftp://host/demo',
  'http://host',
  'http://host/',
  'http://host/%zz',
  'http://host/%00',
])('what names no channel is refused: "%s"', (text) => expect(() => channelUrlArgument(text)).toThrow(/^It |^Its /));

test('a server URL ends in one slash', () => {
  expect(baseUrl('http://host')).toBe('http://host/');
  expect(baseUrl('http://host/ai/trickle//?x=1')).toBe('http://host/ai/trickle/');
});

test('a base path has a slash at both ends', () => {
  expect([basePath(''), basePath('/'), basePath('ai/trickle'), basePath('/ai/')]).toEqual([
    '/',
    '/',
    '/ai/trickle/',
    '/ai/',
  ]);
  expect(() => basePath('a b')).toThrow('path');
});

test('a place to begin is a word, a seq or the N-th from the head', () => {
  expect(['next', 'current', 'oldest', '0', '17', '-1', '-2', '-3'].map(from)).toEqual([
    'next',
    'current',
    'oldest',
    0,
    17,
    'next',
    'current',
    -3,
  ]);
  for (const text of ['', 'newest', '1.5', '1e3', '-', '99999999999999999999'])
    expect(() => from(text)).toThrow('It must be');
});

test('numbers are whole, and within their range', () => {
  expect([count('0'), positive('1'), port('0'), port('65535')]).toEqual([0, 1, 0, 65535]);
  for (const text of ['', '-1', '1.5', '0x10', 'many', '9007199254740993'])
    expect(() => count(text)).toThrow('whole number');
  expect(() => positive('0')).toThrow('1 or more');
  expect(() => port('65536')).toThrow('port');
});

test('channels are collected, with a media type or without', () => {
  const one = channel('a=b');
  const two = channel('events=application/json; charset=utf-8', one);
  expect(two).toEqual([
    { name: 'a=b', mime: 'application/octet-stream' },
    { name: 'events', mime: 'application/json; charset=utf-8' },
  ]);
  expect(() => channel('')).toThrow('channel name');
});

test('headers are collected', () => {
  expect(header('B:  two words ', header('A: 1'))).toEqual({ A: '1', B: 'two words' });
  expect(() => header('no colon')).toThrow('Name: value');
});

test('an origin is a scheme, a host and a port, and * is all', () => {
  expect(origin('*', origin('http://127.0.0.1:7801/', origin('https://a.example:443')))).toEqual([
    'https://a.example',
    'http://127.0.0.1:7801',
    '*',
  ]);
  for (const text of ['http://a.example/page', 'http://a.example/?x', 'ftp://a.example', 'a.example', 'null', ''])
    expect(() => origin(text)).toThrow();
});
