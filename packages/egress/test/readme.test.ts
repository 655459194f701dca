import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const example = join(import.meta.dirname, '../examples/from-environment.ts');

test('the example of the README runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-egress-'));
  const path = join(folder, 'events.ndjson');
  const env = { ...process.env, RUNNEL_FILE_PATH: path, SCOPE_TELEMETRY_LOG_SINK: 'true' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', example], { env });
  const line = 'TELEMETRY type=stream_started id=e1 session=demo connection=- relayed_via=local\n';
  expect(stdout).toBe(`${line}1 envelope(s), first e1\n`);
  expect(await readFile(path, 'utf8')).toMatch(/^\{"id":"e1".*\}\n$/);
  await rm(folder, { recursive: true });
});

test('the README shows the example as it is', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\`\n`);
});
