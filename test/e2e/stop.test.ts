/** Each app ends on SIGINT and SIGTERM: drained, with 0, and without a trace. */
import { afterEach, describe, expect, test } from 'vitest';
import { createLoop } from './loop.ts';
import { freePort, isListening } from './ports.ts';
import { killAll, startApp } from './processes.ts';

afterEach(killAll);

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('ends each app of a running loop with 0', async () => {
    const loop = await createLoop();
    for (const name of ['server', 'runner', 'client'] as const) await loop.start(name);
    await loop.apps.client?.said(/TELEMETRY type=stream_/);

    for (const [name, app] of Object.entries(loop.apps)) {
      app.kill(signal);
      // It comes twice under npm and turbo.
      app.kill(signal);
      // The second one may find it past its last line, when nothing listens for signals any more.
      expect(
        [
          { code: 0, signal: null },
          { code: null, signal },
        ],
        app.output,
      ).toContainEqual(await app.ended);
      expect(app.output, name).toMatch(/stopped/);
      expect(app.output, name).not.toMatch(/^ +at /m);
    }
    expect(await isListening(Number(new URL(loop.url).port))).toBe(false);
  });

  test.each(['runner', 'client'] as const)('ends a %s that never found its server with 0', async (name) => {
    const app = startApp(name, { RUNNEL_URL: `http://127.0.0.1:${await freePort()}/`, PORT: '0' });
    await app.said(/\S/);

    app.kill(signal);
    expect(await app.ended, app.output).toEqual({ code: 0, signal: null });
    expect(app.output).not.toMatch(/^ +at /m);
  });
});
