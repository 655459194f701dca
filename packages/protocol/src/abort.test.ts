import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { unlessAborted } from './abort.ts';

const never = new Promise<never>(() => {});

test('a signal that aborts ends the wait at once, with its reason', async () => {
  const controller = new AbortController();
  const waiting = unlessAborted(never, controller.signal);
  controller.abort('enough');
  await expect(waiting).rejects.toBe('enough');
});

test('a signal that is aborted already counts before a result that is there', async () => {
  await expect(unlessAborted(Promise.resolve(1), AbortSignal.abort('before'))).rejects.toBe('before');
});

test('without an abort it is the promise, and leaves nothing on the signal', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
