import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** The port of the loop's server, which listens on `host`. */
async function started(host: string): Promise<number> {
  const env = { ...process.env, RUNNEL_URL: `http://${host}:0/`, PORT: '7801' };
  const child = spawn(process.execPath, ['--conditions=source', MAIN], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill());
  const [line] = await once(createInterface(child.stdout), 'line');
  return Number(/:(\d+)\//.exec(String(line))?.[1]);
}

async function statusFor(port: number, Host: string): Promise<number | undefined> {
  const asked = request({ host: '127.0.0.1', port, path: '/_channels', headers: { Host } });
  const answer = once(asked.end(), 'response');
  const [{ statusCode }] = await answer;
  return statusCode;
}

test('a page that re-binds its own name to this machine does not get at the channels', async () => {
  const port = await started('127.0.0.1');
  for (const host of ['127.0.0.1', `127.0.0.1:${port}`, 'localhost', '[::1]'])
    expect([host, await statusFor(port, host)]).toEqual([host, 200]);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example'])
    expect([host, await statusFor(port, host)]).toEqual([host, 403]);
});

test('a server that others are to reach goes by any name', async () => {
  expect(await statusFor(await started('0.0.0.0'), 'loop.example')).toBe(200);
});
