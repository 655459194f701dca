/** Runs in a namespace of its own, where it mounts the disk that it fills; prints the report. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startClient } from './client-process.ts';
import { troubledDisk } from './disk.ts';
import { smallDisk } from './small-disk.ts';

const disk = smallDisk(8);
const report = await troubledDisk('full disk', { path: disk.path, begin: disk.fill, end: disk.free }, { starts: true });
const problems = [...report.problems, ...(await withoutRoom())];
console.log(JSON.stringify({ ...report, problems }));
process.exit();

/** Where there is no room to make a journal a client must say so, in a sentence. */
async function withoutRoom(): Promise<string[]> {
  const journal = join(disk.path, 'other.db');
  disk.fill();
  const client = startClient();
  await client.ready;
  const opening = { journal, server: 'http://127.0.0.1:9/', sink: 'http://127.0.0.1:9/', life: 1, sessions: [] };
  const opened = await client.open({ ...opening, speed: 1, maxBatch: 1 }).then(
    () => true,
    () => false,
  );
  client.kill();
  disk.free();
  rmSync(journal, { force: true });
  const said = `the journal ${journal} cannot be opened: its disk is full or cannot be written`;
  return !opened && client.stderr.includes(said) ? [] : [`a journal was to be made on a full disk: ${client.stderr}`];
}
