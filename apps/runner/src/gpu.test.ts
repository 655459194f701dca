import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGpuMemory } from './gpu.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnel-gpu-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A program that stands in for nvidia-smi. */
async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

it('sums the memory of all devices', async () => {
  const smi = await program('two', 'echo "1024, 300"; echo "512, 200"');
  expect(await readGpuMemory(smi)).toStrictEqual({ vram_allocated_mb: 1536, vram_reserved_mb: 500 });
});

it('EGRESS 1.21: leaves out what the driver does not tell', async () => {
  const smi = await program('partly', 'echo "1024, [N/A]"');
  expect(await readGpuMemory(smi)).toStrictEqual({ vram_allocated_mb: 1024 });
});

it.each([
  ['fails', 'echo "no devices were found" >&2; exit 6'],
  ['talks', 'echo "NVIDIA-SMI has failed"'],
  ['is silent', 'exit 0'],
])('EGRESS 1.21: there is no figure when it %s', async (name, script) => {
  expect(await readGpuMemory(await program(name.replace(' ', '-'), script))).toBeUndefined();
});

it('EGRESS 1.21: there is no figure where it is not installed', async () => {
  expect(await readGpuMemory(join(folder, 'absent'))).toBeUndefined();
});
