/** Each app ends on SIGINT and SIGTERM: drained, with 0, and without a trace. */
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, isListening } from './ports.ts';
import { killAll, startApp } from './processes.ts';

afterEach(killAll);

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test.each(['server', 'runner', 'client'] as const)('ends the %s of a running loop with 0', async (name) => {
    const port = await freePort();
    const env = { RUNNEL_URL: `http://127.0.0.1:${port}/`, PORT: '0' };
    const apps = { server: startApp('server', env), runner: startApp('runner', env), client: startApp('client', env) };
    await apps.client.said(/TELEMETRY type=stream_/);

    apps[name].kill(signal);
    // It comes twice under npm and turbo.
    apps[name].kill(signal);
    expect(await apps[name].ended, apps[name].output).toEqual({ code: 0, signal: null });
    expect(apps[name].output).toMatch(/stopped/);
    expect(apps[name].output).not.toMatch(/^ +at /m);
    if (name === 'server') expect(await isListening(port)).toBe(false);
  });

  test.each(['runner', 'client'] as const)('ends a %s that never found its server with 0', async (name) => {
    const app = startApp(name, { RUNNEL_URL: `http://127.0.0.1:${await freePort()}/`, PORT: '0' });
    await app.said(/\S/);

    app.kill(signal);
    expect(await app.ended, app.output).toEqual({ code: 0, signal: null });
    expect(app.output).not.toMatch(/^ +at /m);
  });
});
