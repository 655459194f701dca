/** G: what the journal by itself takes in: committed to a file with synchronous=FULL, read by two cursors, settled and deleted again. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openJournal } from '@runnel/client';
import type { Envelope } from '@runnel/protocol';
import { removeFolder, temporaryFolder } from '../src/folders.ts';
import type { Contender, Workload } from '../src/workload.ts';

const BATCH = 256;
const POSITION = { channelEpoch: 'ab12cd34', segment: 7, lines: 1000, telemetry: undefined };

export default {
  name: 'journal',
  about: `envelopes of 300 B to a journal in a file, appended ${BATCH} at a time, with two cursors that settle all of it`,
  baseline: `a commit for every ${BATCH}`,
  figures: {
    rate: { unit: 'events/s', better: 'higher' },
    cpu: { unit: 'us/event', better: 'lower' },
    commit: { unit: 'ms, mean', better: 'lower' },
    longest: { unit: 'ms, longest commit', better: 'lower' },
  },
  contenders: {
    [`a commit for every ${BATCH}`]: () => contender(BATCH),
    'as by default': () => contender(undefined),
  },
} satisfies Workload;

function contender(commitEnvelopes: number | undefined): Contender {
  const bytes = Buffer.from(
    JSON.stringify({ id: 'x'.repeat(36), type: 'stream_trace', data: { note: 'x'.repeat(220) } }),
  );
  const envelope: Envelope = { id: 'x', bytes, session: 's', relayedVia: 'trickle', receivedAt: Date.now() };
  const batch = Array.from({ length: BATCH }, () => envelope);
  return {
    async round({ seconds }) {
      const folder = temporaryFolder();
      const journal = openJournal({
        path: join(folder, 'journal.db'),
        keepMs: 0,
        newSink: 'oldest',
        ...(commitEnvelopes && { commitEnvelopes }),
      });
      const cursors = [journal.cursor('one'), journal.cursor('two')];
      const settle = () => {
        for (const cursor of cursors) {
          for (let rows = cursor.read(5_000, 1_048_576); rows.length > 0; rows = cursor.read(5_000, 1_048_576)) {
            const results = rows.map(({ n }) => ({ n, became: 'delivered' as const }));
            cursor.settle({ settled: rows.at(-1)?.n ?? 0, results, unnamed: 0, parked: [] });
          }
        }
      };
      const [began, used] = [performance.now(), process.cpuUsage()];
      let events = 0;
      let committed = Promise.resolve();
      for (; performance.now() - began < seconds * 1000; events += BATCH) {
        committed = journal.append('s', batch, POSITION);
        settle();
        await nextTurn();
      }
      await committed;
      const took = (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(used);
      settle();
      const { count, totalMs, longestMs } = journal.status.commits;
      const pending = cursors.map(({ books }) => books.pending);
      journal.close();
      removeFolder(folder);
      if (pending.some((each) => each > 0)) throw new Error(`${pending} of ${events} were not settled`);
      return { rate: events / took, cpu: (user + system) / events, commit: totalMs / count, longest: longestMs };
    },
  };
}
