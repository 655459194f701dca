/** A sampling change from the command line, in the loop of three apps. */
import { afterEach, expect, test } from 'vitest';
import { createLoop } from './loop.ts';
import { killAll, startRunnel, until } from './processes.ts';

afterEach(killAll);

test('EGRESS 4.7, 4.11: runnel control changes what the runner emits, and with --for it reverts by itself', {
  timeout: 90_000,
}, async () => {
  const loop = await createLoop();
  for (const name of ['server', 'runner', 'client'] as const) await loop.start(name);
  const client = loop.apps.client;
  const [, relay = ''] = (await client?.said(/listening on (\S+)/)) ?? [];
  const control = (...flags: string[]) => startRunnel(['control', 'demo', '--relay', relay, ...flags]);
  const printed = (pattern: RegExp) => client?.output.match(pattern)?.length ?? 0;
  /** How many there were, when all that the client has relayed is printed. */
  const emitted = async () => {
    const { relayed } = (await loop.session()).telemetry;
    await until('the log', async () => printed(/^TELEMETRY .*\n/gm) >= relayed);
    return printed(/^TELEMETRY type=stream\.stats /gm);
  };
  const reports = async (more: number) => {
    const before = (await loop.session()).messages.byType.losses ?? 0;
    await until(`${more} reports`, async () => ((await loop.session()).messages.byType.losses ?? 0) >= before + more);
  };
  await client?.said(/TELEMETRY type=stream\.stats /);

  const off = control('--sample', '0', 'stream.*', '--heartbeat', '200');
  expect(await off.ended, off.output).toEqual({ code: 0, signal: null });
  expect(off.stdout).toMatch(/^session demo: applied \(version 1\)\n/);
  expect(off.stdout).toMatch(/^sampling +0 of stream\.\* +0 of stream\.\*$/m);
  expect(off.stdout).toMatch(/^heartbeat +200ms +200ms$/m);
  // Reports come five times a second now; what was emitted before is through with the first of them.
  await reports(1);
  const before = await emitted();
  await reports(8);
  expect(await emitted()).toBe(before);

  const short = control('--off', '--for', '2s', '--json');
  expect(await short.ended, short.output).toEqual({ code: 0, signal: null });
  const { asked, answer } = JSON.parse(short.stdout);
  expect({ asked, answer }).toMatchObject({ asked: { version: 2, state: { enabled: false } }, answer: 'applied' });
  await until('figures again', async () => (await emitted()) > before + 1);
  const after = control('--json');
  await after.ended;
  expect(JSON.parse(after.stdout)).toMatchObject({
    asked: { version: 2, expired: true },
    effective: { enabled: true, sampling: { rate: 1 }, heartbeat_ms: 10_000 },
  });
});
