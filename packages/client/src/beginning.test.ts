/** Texts from the wire, however long, must not be held on to by the few characters that are kept of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { textOf } from './attached-handler.ts';
import { KnownNames } from './known-names.ts';
import { RecentIds } from './recent-ids.ts';
import { createTail } from './tail.ts';

const MIB = 2 ** 20;
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** MiB of the heap that are left after `keep` was given 64 texts of 1 MiB. */
function held(keep: (text: string) => unknown): number {
  const used = () => {
    gc();
    return process.memoryUsage().heapUsed / MIB;
  };
  const before = used();
  // As messages come.
  for (let n = 0; n < 64; n++) keep(JSON.parse(`"${`${n} long `.padEnd(MIB, 'x')}"`));
  const after = used();
  // It is alive until here.
  keep('');
  return after - before;
}

const kept: string[] = [];
const names = new KnownNames(undefined, 10);
const tail = createTail();
const ids = new RecentIds();

test.each([
  ['EGRESS 1.17: lines in the tail', (text: string) => tail.push(text)],
  ['EGRESS 4.14: names that are quarantined', (text: string) => names.admit(text)],
  ['EGRESS 4.15: what a handler threw', (text: string) => kept.push(textOf(text))],
  ['PROTOCOL 8.5: ids of events', (text: string) => ids.seen(text, '1')],
])('%s take no more than what is shown of them', (_, keep) => {
  expect(held(keep)).toBeLessThan(16);
});

test('PROTOCOL 8.5: an id of any length is known again, and told from one that begins alike', () => {
  const seen = new RecentIds();
  const long = 'x'.repeat(10_000);
  expect([seen.seen(long, '1'), seen.seen(`${long}y`, '1'), seen.seen(long, '1')]).toEqual([false, false, true]);
});
