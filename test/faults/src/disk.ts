/** A disk that cannot be written for a while, under the client's journal: the process lives, envelopes wait in memory to a bound, and it resumes by itself. EGRESS 6.4, R4. */
import type { RelayStatus } from '@runnel/client';
import { type DiskWorld, diskWorld, MAX_WAITING } from './disk-world.ts';

/** What happens to the disk. */
export interface Trouble {
  /** The folder of the journal. */
  readonly path: string;
  begin(): void;
  end(): void;
  /** Of the client, so that it meets the trouble. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface DiskReport {
  readonly trouble: string;
  readonly published: number;
  readonly committed: number;
  readonly delivered: number;
  /** Counted as `disk_full`: more than fits in memory came while nothing could be committed. */
  readonly dropped: number;
  readonly lost: number;
  readonly duplicates: number;
  /** From the end of the trouble until all that waited was committed, of each time. */
  readonly resumedMs: readonly number[];
  /** The most envelopes that waited in memory, of at most `bound`. */
  readonly mostWaiting: number;
  readonly bound: number;
  readonly problems: readonly string[];
}

const ROUNDS = 3;
/** Of a hundred events: more than the disk has room for. */
const MOST_PARTS = 200;

/** Rounds of trouble, a kill in one, and starts in the middle of it. `starts`: whether the client is to open its journal then. `isNoticed`: whether commits fail. */
export async function troubledDisk(
  name: string,
  trouble: Trouble,
  { starts, isNoticed = true }: { readonly starts: boolean; readonly isNoticed?: boolean },
): Promise<DiskReport> {
  const world = await diskWorld(trouble.path, trouble.env);
  const resumedMs: number[] = [];
  let mostWaiting = 0;
  const overflow = async (count: number) => {
    trouble.begin();
    // A log that was written before has room for some that are committed still.
    if (isNoticed) await publishUntil(world, ({ journal }) => journal.error !== undefined);
    for (let part = 0; part < count; part += 100) await world.publish(100);
    mostWaiting = Math.max(mostWaiting, (await world.look()).journal.waiting);
  };
  const resume = async () => {
    const began = performance.now();
    trouble.end();
    await world.until('the journal is written again', ({ journal }) => !journal.error && journal.waiting === 0);
    resumedMs.push(Math.round(performance.now() - began));
    await world.until('all is delivered', ({ sinks }) => sinks[0]?.pending === 0);
    world.audit();
  };
  try {
    await world.start();
    for (let round = 0; round < ROUNDS; round++) {
      await world.publish(300);
      await overflow(MAX_WAITING * 2);
      await resume();
    }
    if (starts) await startsInTrouble(world, trouble, overflow, resume);
    return await judged(name, world, { resumedMs, mostWaiting });
  } finally {
    trouble.end();
    await world.close();
  }
}

/** Publishes by the hundred; a problem if it does not come to that. */
async function publishUntil(world: DiskWorld, isSo: (status: RelayStatus) => boolean): Promise<void> {
  for (let part = 0; part < MOST_PARTS; part++) {
    if (isSo(await world.look())) return;
    await world.publish(100);
  }
  world.problems.push('nothing was wrong with the journal while the disk was');
}

type Step = (count: number) => Promise<void>;

/** A client that is killed, and one that is closed, while the disk is full; the next one delivers what was committed and goes on. */
async function startsInTrouble(world: DiskWorld, trouble: Trouble, overflow: Step, resume: () => Promise<void>) {
  for (const how of ['kill', 'close'] as const) {
    world.setSink(false);
    await world.publish(200);
    await world.until('200 are committed', ({ journal }) => journal.waiting === 0);
    if (how === 'kill') await overflow(100);
    world.audit();
    await world.stop(how);
    trouble.begin();
    world.setSink(true);
    await world.start();
    await world.until('the backlog is delivered from a full disk', ({ sinks }) => sinks[0]?.pending === 0);
    await overflow(100);
    await resume();
  }
}

async function judged(
  name: string,
  world: DiskWorld,
  measured: Pick<DiskReport, 'resumedMs' | 'mostWaiting'>,
): Promise<DiskReport> {
  const { sinks } = await world.look();
  await world.stop('close');
  world.audit();
  const { committed, arrived, gaps, lost, duplicates, problems } = world.oracle.verdict();
  const { published } = world.feed;
  const [books] = sinks;
  const dropped = books?.dropped.disk_full ?? 0;
  const all = [...world.problems, ...problems];
  if (books?.in !== published || books.out !== arrived || arrived + dropped !== published || dropped !== gaps)
    all.push(`${published} published, ${arrived} arrived, ${gaps} missing, but the books say ${JSON.stringify(books)}`);
  if (measured.mostWaiting > MAX_WAITING) all.push(`${measured.mostWaiting} waited in memory`);
  if (!world.isWhole()) all.push('the journal is not whole');
  const unexpected = world.warnings.filter(
    (warning) => !/can not be written|can be written again|on a disk that/.test(warning),
  );
  all.push(...unexpected.map((warning) => `it warned: ${warning}`));
  const sums = { published, committed, delivered: arrived, dropped, lost: lost.length, duplicates };
  return { trouble: name, ...sums, ...measured, bound: MAX_WAITING, problems: all };
}
