import { controlState } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { fieldsOf, membersOf, NOTHING_ASKED, stateOf } from './control-form.ts';

it('empty fields ask for nothing', () => {
  expect(stateOf(NOTHING_ASKED)).toEqual({});
});

it('a state goes into fields and comes out the same', () => {
  const state = {
    enabled: true,
    sampling: { rate: 0.125, patterns: ['stream.*', 'frame_?'] },
    filter: { allowed: ['a'], blocked: ['b', 'c*'] },
    heartbeat_ms: 2000,
    log_level: 'warn' as const,
    expires_ms: 600_000,
  };
  expect(stateOf(fieldsOf(state))).toEqual(state);
  expect(controlState.parse(stateOf(fieldsOf(state)))).toEqual(state);
});

it('names each member for comparing', () => {
  expect([...membersOf({ enabled: false, sampling: { rate: 0.1, patterns: [] }, filter: { blocked: ['x'] } })]).toEqual(
    [
      ['telemetry', 'off'],
      ['sampling', '10 %'],
      ['blocked', 'x'],
    ],
  );
});
