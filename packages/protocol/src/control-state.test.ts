import { expect, it } from 'vitest';
import { controlMessage, eventMessage } from './index.ts';

const state = {
  enabled: true,
  sampling: { rate: 0.1, patterns: ['stream.*'] },
  filter: { allowed: [], blocked: ['debug.*'] },
  heartbeat_ms: 1000,
  log_level: 'warn',
  expires_ms: 600_000,
};
const statement = (fields: object, wanted: unknown = state) => ({
  type: 'control',
  client: 'c1',
  version: 3,
  state: wanted,
  ...fields,
});

it('PROTOCOL 8.6: accepts a whole state, an empty one, and leaves out members that are not known', () => {
  expect(controlMessage.parse(statement({}))).toStrictEqual(statement({}));
  expect(controlMessage.parse(statement({}, {}))).toStrictEqual(statement({}, {}));
  expect(controlMessage.parse(statement({}, { enabled: false, colour: 'red' }))).toStrictEqual(
    statement({}, { enabled: false }),
  );
});

it.each([
  statement({ client: '' }),
  statement({ version: -1 }),
  statement({ version: 1.5 }),
  statement({}, null),
  statement({}, { enabled: 'yes' }),
  statement({}, { sampling: {} }),
  statement({}, { sampling: { rate: 1, patterns: 'stream.*' } }),
  statement({}, { filter: { blocked: Array.from({ length: 65 }, () => 'x') } }),
  statement({}, { filter: { allowed: ['x'.repeat(129)] } }),
  statement({}, { heartbeat_ms: 99 }),
  statement({}, { log_level: 'loud' }),
  statement({}, { expires_ms: 0 }),
])('PROTOCOL 8.6: refuses %j', (message) => {
  expect(controlMessage.safeParse(message).success).toBe(false);
});

it.each([
  { type: 'control_applied', client: 'c1', version: 3, state },
  { type: 'control_applied', client: 'c1', version: 3, state, expired: true },
  { type: 'control_refused', client: 'c1', version: 3, state, reason: 'stale', message: 'version 5 is in force' },
  { type: 'runner_ready', startup_ms: 1, epoch: '0a1b2c3d', control: { client: 'c1', version: 3 } },
  { type: 'losses', epoch: 'e', emitted: 0, written: 0, dropped: {}, withheld: { sampled: 9 } },
  {
    type: 'losses',
    epoch: 'e',
    emitted: 0,
    written: 0,
    dropped: {},
    control: { client: 'c1', version: 3, expired: true },
  },
])('PROTOCOL 8.6: accepts $type and keeps members it does not know', (message) => {
  expect(eventMessage.parse({ ...message, extra: 1 })).toStrictEqual({ ...message, extra: 1 });
});

it('PROTOCOL 8.6: an answer without the effective state is none', () => {
  expect(eventMessage.safeParse({ type: 'control_applied', client: 'c1', version: 3 }).success).toBe(false);
});
