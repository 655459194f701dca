/** `npm run dev` as a person runs it: npm, turbo and the three apps, ended by what Ctrl-C sends. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { freePort, isListening } from './ports.ts';
import { follow, killAll, root, until } from './processes.ts';

afterEach(killAll);

test('prints the URL and real telemetry, and Ctrl-C leaves nothing behind', { timeout: 120_000 }, async () => {
  const port = await freePort();
  const mark = `runnel-e2e-${process.pid}-${port}`;
  const env = { ...process.env, RUNNEL_URL: `http://127.0.0.1:${port}/`, PORT: '0', RUNNEL_E2E_MARK: mark };
  // A process group of its own, so that it can be sent what a terminal sends to the foreground group: a SIGINT to npm, turbo and all.
  const child = spawn('npm', ['run', 'dev'], { cwd: root, env, detached: true, stdio: 'pipe' });
  const dev = follow(child);
  const group = -(child.pid ?? Number.NaN);

  try {
    await dev.said(new RegExp(`app-server:dev: .*listening on http://127.0.0.1:${port}/`), 60_000);
    await dev.said(/app-client:dev: .*console on http:/, 60_000);
    await dev.said(/app-client:dev: .*TELEMETRY type=stream_\w+ /, 60_000);

    process.kill(group, 'SIGINT');
    // npm reports the signal whatever its child does.
    expect([
      { code: 130, signal: null },
      { code: null, signal: 'SIGINT' },
    ]).toContainEqual(await dev.ended);
    for (const app of ['server', 'runner', 'client'])
      expect(dev.output).toMatch(new RegExp(`app-${app}:dev: .*stopped`));
    expect(dev.output).not.toMatch(/:dev: +at /);
    expect(dev.output).not.toMatch(/ERROR/);
    expect(await isListening(port)).toBe(false);
    if (process.platform === 'linux')
      await until('no process is left', async () => (await marked(mark)).length === 0, 5000);
  } finally {
    for (const pid of await marked(mark)) process.kill(pid, 'SIGKILL');
  }
});

/** The processes that inherited the mark. They are in groups that turbo made, so the group does not tell. */
async function marked(mark: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environ.includes(`RUNNEL_E2E_MARK=${mark}`)) found.push(Number(pid));
  }
  return found;
}
