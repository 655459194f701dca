import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const example = join(import.meta.dirname, '../examples/room.ts');

test('the example of the README runs, and what it tells of leaves as telemetry', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=source', example]);
  const types = [...stdout.matchAll(/^TELEMETRY type=(\S+) .*session=RM_1/gm)].map(([, type]) => type);
  expect(types.filter((type) => /^[A-Z_]+$/.test(type ?? ''))).toEqual([
    'PARTICIPANT_ACTIVE',
    'PARTICIPANT_LEFT',
    'STATS',
  ]);
  expect(stderr).toBe('');
});

test('the README shows the example as it is', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\`\n`);
});
