import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { pause, systemClock } from './clock.ts';
import { ManualClock } from './testing.ts';

it('fires timers in order, each at its own time, also those set by others', () => {
  const clock = new ManualClock();
  const fired: [string, number][] = [];
  clock.after(20, () => fired.push(['b', clock.now()]));
  clock.after(10, () => {
    fired.push(['a', clock.now()]);
    clock.after(5, () => fired.push(['a2', clock.now()]));
  });
  const cancel = clock.after(12, () => fired.push(['never', clock.now()]));
  cancel();
  clock.advance(25);
  expect(fired).toEqual([
    ['a', 10],
    ['a2', 15],
    ['b', 20],
  ]);
  expect([clock.now(), clock.pending]).toEqual([25, 0]);
});

it('steps the wall clock without moving time', () => {
  const clock = new ManualClock(1000);
  clock.advance(50);
  clock.step(-500);
  expect([clock.now(), clock.wall()]).toEqual([50, 550]);
});

it('a pause ends with its time or with its signal, and leaves no timer', async () => {
  const clock = new ManualClock();
  const timed = pause(clock, 100);
  clock.advance(100);
  await timed;
  const stop = new AbortController();
  const aborted = pause(clock, 100, stop.signal);
  stop.abort();
  await aborted;
  await pause(clock, 100, stop.signal);
  expect(clock.pending).toBe(0);
});

it('the system clock calls back, and not after it was told not to', async () => {
  let called = false;
  systemClock.after(0, () => {
    called = true;
  })();
  await new Promise<void>((resolve) => {
    systemClock.after(1, resolve);
    setTimeout(() => {}, 50);
  });
  expect(called).toBe(false);
});

it.each([
  ['keeps the process alive where it is told to', '{ keepAlive: true }', 'waited'],
  ['does not by default', '{}', ''],
])('a pause on the system clock %s', async (_, options, printed) => {
  const { href } = new URL('./clock.ts', import.meta.url);
  const code = `import { pause, systemClock } from '${href}';
    pause(systemClock, 50, undefined, ${options}).then(() => process.stdout.write('waited'));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  expect(stdout).toBe(printed);
});

it('what is to happen in a very long time, or never, does not happen at once', async () => {
  const fired: number[] = [];
  const cancels = [2 ** 31, 1e12, Number.POSITIVE_INFINITY].map((ms) => systemClock.after(ms, () => fired.push(ms)));
  await pause(systemClock, 50, undefined, { keepAlive: true });
  for (const cancel of cancels) cancel();
  expect(fired).toEqual([]);
});
