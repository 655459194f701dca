import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '@runnel/protocol/testing';
import { expect, test } from 'vitest';
import { interruption } from './interrupt.ts';

/** A process that is sent signals, and what became of it. */
function signalled(isTTY: boolean) {
  const exits: number[] = [];
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const process = Object.assign(new EventEmitter(), { stderr, exit: (code: number) => exits.push(code) });
  const clock = new ManualClock();
  const signal = interruption(process, clock);
  return { process, clock, signal, exits, said: () => String(stderr.read() ?? '') };
}

test.each(['SIGINT', 'SIGTERM'])('the first %s asks the command to stop, and nothing is said', (name) => {
  const { process, signal, exits, said } = signalled(true);
  expect(signal.aborted).toBe(false);
  process.emit(name);
  expect(signal.aborted).toBe(true);
  expect([exits, said()]).toEqual([[], '']);
});

test.each([
  ['within a second', 999],
  ['that waited while stopping held the event loop', 1300],
])('a second signal %s is taken for the first, which npm hands on', (_, ms) => {
  const { process, clock, exits } = signalled(true);
  process.emit('SIGINT');
  clock.advance(ms);
  process.emit('SIGINT');
  expect(exits).toEqual([]);
});

test('a signal after that ends the process with 130; a terminal is told so beforehand', async () => {
  const { process, clock, exits, said } = signalled(true);
  process.emit('SIGINT');
  clock.advance(1000);
  await turn();
  expect(said()).toMatch(/runnel: still stopping; Ctrl-C again ends it at once\n$/);
  process.emit('SIGINT');
  expect(exits).toEqual([130]);
});

test('without a terminal nothing is said, and a later signal ends it all the same', async () => {
  const { process, clock, exits, said } = signalled(false);
  process.emit('SIGTERM');
  clock.advance(1000);
  await turn();
  process.emit('SIGTERM');
  expect([exits, said()]).toEqual([[130], '']);
});
