import { expect, it } from 'vitest';
import { isTelemetryEvent } from './envelope.ts';
import { channelUrl, controlMessage, eventMessage, sessionChannels } from './messages.ts';
import { isJsonl } from './wire.ts';

it.each([
  { type: 'losses', epoch: '0a1b2c3d', emitted: 3, written: 2, dropped: { queue_overflow: 1 } },
  { type: 'losses', epoch: '0a1b2c3d', emitted: 3, written: 3, dropped: {}, last: true },
  { type: 'runner_ready', runner_job_id: null, startup_ms: 12.5 },
  { type: 'logs', lines: ['a', 'b'] },
  { type: 'notification', payload: 7 },
  { type: 'pong', request_id: 'r1', timestamp: 1.5 },
  { type: 'api_response', request_id: 'r1', status: 200, data: {} },
  { type: 'error', message: 'no' },
])('PROTOCOL 8.1: accepts $type and keeps members it does not know', (message) => {
  expect(eventMessage.parse({ ...message, extra: 1 })).toEqual({ ...message, extra: 1 });
});

it.each([
  { type: 'losses', epoch: '0a1b2c3d', emitted: -1, written: 2, dropped: {} },
  { type: 'logs', lines: [1] },
  { type: 'api_response' },
  { type: 'unheard_of' },
  { lines: [] },
  null,
])('PROTOCOL 8.1: refuses %j', (message) => {
  expect(eventMessage.safeParse(message).success).toBe(false);
});

it('PROTOCOL 8.2: accepts the control messages and refuses a ping without a time', () => {
  expect(controlMessage.safeParse({ type: 'ping', timestamp: 1 }).success).toBe(true);
  expect(controlMessage.safeParse({ type: 'api', method: 'GET', path: '/x' }).success).toBe(true);
  expect(controlMessage.safeParse({ type: 'ping' }).success).toBe(false);
});

it.each([null, 'text', [], {}, { data: null }, { data: [] }, { data: {}, id: 7 }, { data: {}, id: null }])(
  'EGRESS 1.15: %j is no event',
  (event) => {
    expect(isTelemetryEvent(event)).toBe(false);
  },
);

it('EGRESS 1.15: an event needs a data object and no more', () => {
  expect(isTelemetryEvent({ data: {} })).toBe(true);
  expect(isTelemetryEvent({ id: 'a', data: { type: 'x' }, more: 1 })).toBe(true);
});

it('PROTOCOL 7.1: JSONL channels are told by media type, parameters and case ignored', () => {
  expect(['application/jsonl', 'Application/X-NDJSON; charset=utf-8', 'application/json'].map(isJsonl)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['', 'text/plain', 'application/jsonlines', 'video/MP2T'].map(isJsonl)).toEqual([false, false, false, false]);
});

it('PROTOCOL 8: a session has three channels, and a channel one URL whatever its name', () => {
  expect(sessionChannels('demo')).toEqual({ events: 'demo-events', control: 'demo-control', out: 'demo-out' });
  expect(channelUrl('http://h/ai/', 'a/b €')).toBe('http://h/ai/a%2Fb%20%E2%82%AC');
});
