/** The tables of a recorded run of `npm run faults`. */
import type { DiskReport } from '../src/disk.ts';
import type { Report } from '../src/report.ts';
import { count, table } from './table.ts';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const among = (happened: Readonly<Record<string, number>>) =>
  Object.entries(happened)
    .map(([what, times]) => `${what}: ${count(times)}`)
    .join('; ');

export function kills({ kill, seed, node }: Report): string[] {
  if (!kill) return [];
  return [
    `**\`kill -9\`**, ${count(kill.cycles)} times at random moments, seed ${seed}, Node ${node.slice(1)}: ${count(kill.published)} events published, ${count(kill.committed)} committed, ${count(kill.arrived)} arrived, **${count(kill.lost.length)} lost**, ${count(kill.problems.length)} problems (order, gaps, books). ${count(kill.duplicates)} came twice, at most ${count(kill.mostDuplicates)} after one interruption (a batch is 40). ${count(kill.requests)} requests; ${among(kill.happened)}.`,
    '',
  ];
}

export function networks({ network }: Report): string[] {
  if (!network) return [];
  const rows = network.map((row) => [
    row.network,
    count(row.published),
    count(row.delivered),
    count(row.missed),
    count(row.lost),
    count(row.duplicates),
    seconds(row.recoveredMs),
  ]);
  return [
    '**Networks** that are cut, 0.1 s late or half open for a second, twice. Missed: the server had let go of them, and the client counted them. Caught up: from fair weather until all from before it was delivered, the relay’s timers being 10 times faster than usual.',
    '',
    ...table(['Network', 'Published', 'Delivered', 'Missed', 'Lost', 'Twice', 'Caught up'], rows),
  ];
}

export function disks({ disk = [] }: Report): string[] {
  const rows = disk.filter((row): row is DiskReport => !('skipped' in row));
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [
    row.trouble,
    count(row.published),
    count(row.committed),
    count(row.delivered),
    count(row.dropped),
    count(row.lost),
    `${count(row.mostWaiting)} of ${count(row.bound)}`,
    `${row.resumedMs.map(seconds).join(', ')}`,
  ]);
  return [
    '**Disks** that cannot be written for a while, under the journal. Counted: more came meanwhile than may wait in memory. Resumed: from the end of the trouble until all that waited was committed.',
    '',
    ...table(['Disk', 'Published', 'Committed', 'Delivered', 'Counted', 'Lost', 'Waited in memory', 'Resumed'], cells),
  ];
}

export function clocks({ clock }: Report): string[] {
  if (!clock) return [];
  const waited = clock.waitedMs.map((ms) => (ms / 1000).toFixed(2)).join(', ');
  return [
    `**Steps of the wall clock**, ${clock.steps} of an hour forward or back: ${count(clock.delivered)} of ${count(clock.published)} events delivered, ${count(clock.lost)} lost. A lane that was asked to wait ${clock.askedMs / 1000} s over a step waited ${waited} s. No figure of the status was negative.`,
    '',
  ];
}

export function damages({ damage }: Report): string[] {
  if (!damage) return [];
  return [
    `**Damaged journals**: ${count(damage.damages)} cut, or with flipped bytes. The client started on each; ${count(damage.movedAside)} were moved aside. Of ${count(damage.pending)} events that were pending SQLite could still read ${count(damage.readable)}, and ${count(damage.delivered)} were delivered.`,
    '',
  ];
}

export function scripts({ script = [] }: Report): string[] {
  if (script.length === 0) return [];
  const rows = script.map((row) => [
    row.fault,
    count(row.sent),
    count(row.delivered),
    count(row.dead),
    count(row.duplicates),
    count(row.requests),
    `${count(row.seconds)} s`,
  ]);
  return [
    '**Failing sinks** on a clock that is moved by hand; seconds from the first event until nothing was pending, of which the events themselves take 20.',
    '',
    ...table(['Sink', 'Sent', 'Delivered', 'Dead', 'Twice', 'Requests', 'Done after'], rows),
  ];
}
