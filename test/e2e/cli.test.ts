/** The `runnel` command as processes that are piped together, as a person uses it. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './ports.ts';
import { type Ended, type Env, killAll, type Process, startRunnel, until } from './processes.ts';

let server: Process;
let url: string;

/** `--json` is for this: a program that starts the server learns the port from one line. */
async function startServer(...flags: string[]): Promise<{ server: Process; url: string }> {
  const server = startRunnel(['serve', '--port', '0', '--json', ...flags]);
  const [line] = await server.said(/^\{.*\}$/m);
  return { server, url: JSON.parse(line).url };
}

beforeAll(async () => {
  ({ server, url } = await startServer('--linger-ms', '30000', '--changefeed'));
});

afterAll(async () => {
  server.kill('SIGTERM');
  expect(await server.ended).toEqual({ code: 0, signal: null });
  killAll();
});

describe('pub and sub', () => {
  test('10 MiB of bytes arrive as they were sent', async () => {
    const sent = randomBytes(10 * 1024 * 1024);
    const reader = startRunnel(['sub', `${url}bytes`, '--from', 'oldest', '--wait']);
    const writer = startRunnel(['pub', `${url}bytes`]);
    writer.child.stdin?.end(sent);

    expect(await writer.ended, writer.stderr).toEqual({ code: 0, signal: null });
    expect(await reader.ended, reader.stderr).toEqual({ code: 0, signal: null });
    expect(writer.stderr).toMatch(/^sent 10485760 bytes, \d+ segments in /);
    expect(reader.stderr).toMatch(/^received 10485760 bytes, \d+ segments, 0 skipped in /);
    expect(hash(reader.bytes())).toBe(hash(sent));
  });

  test('5,000 lines arrive byte for byte, in order, once', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `{"n": ${n},  "big":1234567890123456789${n % 10}}\n`).join('');
    const reader = startRunnel(['sub', `${url}lines`, '--jsonl', '--from', 'oldest', '--wait']);
    const writer = startRunnel(['pub', `${url}lines`, '--jsonl']);
    writer.child.stdin?.end(lines);

    expect(await writer.ended, writer.stderr).toEqual({ code: 0, signal: null });
    expect(await reader.ended, reader.stderr).toEqual({ code: 0, signal: null });
    expect(writer.stderr).toMatch(/^sent 5000 lines, /);
    expect(reader.stderr).toMatch(/^received 5000 lines, .* 0 skipped in /);
    expect(reader.stdout === lines).toBe(true);
  });

  test('Ctrl-C ends both with 130, and what was sent is acknowledged', async () => {
    const reader = startRunnel(['sub', `${url}live`, '--jsonl', '--from', 'oldest', '--wait']);
    const writer = startRunnel(['pub', `${url}live`, '--jsonl', '--keep']);
    writer.child.stdin?.write('{"n":1}\n');
    await reader.said(/\{"n":1\}/);

    writer.kill('SIGINT');
    expect(await writer.ended, writer.stderr).toEqual({ code: 130, signal: null });
    expect(writer.stderr).toMatch(/^sent 1 lines, /);
    reader.kill('SIGTERM');
    expect(await reader.ended, reader.stderr).toEqual({ code: 130, signal: null });
    expect(reader.stderr).toMatch(/^received 1 lines, /);
  });

  test('a reader that hangs up ends sub quietly', async () => {
    await publish('piped', 'x'.repeat(4_000_000), '--keep');
    const reader = startRunnel(['sub', `${url}piped`, '--from', 'oldest']);
    reader.child.stdout?.once('data', () => reader.child.stdout?.destroy());

    expect(await reader.ended, reader.stderr).toEqual({ code: 0, signal: null });
    expect(reader.stderr).toMatch(/^received \d+ bytes, .*\n$/);
  });
});

describe('Ctrl-C again, while the first is obeyed', () => {
  test('ends serve at once, with 130, though a reader has not taken everything', async () => {
    const { server, url } = await startServer();
    await fetch(`${url}slow/0`, { method: 'POST', body: Buffer.alloc(32 * 1024 * 1024) });
    const reader = await fetch(`${url}slow/0`);
    expect(await insisted(server), server.output).toEqual({ code: 130, signal: null });
    await reader.body?.cancel().catch(() => {});
  });

  test('ends relay at once, with 130, though a sink has not answered', async () => {
    const asked = Promise.withResolvers<void>();
    const deaf = createServer(() => asked.resolve());
    await once(deaf.listen(0, '127.0.0.1'), 'listening');
    const { port } = deaf.address() as AddressInfo;
    const sink = { RUNNEL_CLOUDEVENTS_URL: `http://127.0.0.1:${port}/` };
    const relay = startRunnel(['relay', url, '--session', 'stuck', '--port', '0'], sink);
    await publish('stuck-events', '{"type":"telemetry","event":{"id":"a","data":{"type":"tick"}}}\n', '--jsonl');
    await asked.promise;
    expect(await insisted(relay), relay.output).toEqual({ code: 130, signal: null });
    deaf.close().closeAllConnections();
  });
});

describe('careless use', () => {
  test('a channel that never existed is 3, with what to do', async () => {
    const { code, stdout, stderr } = await run(['sub', `${url}nowhere`]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(
      `runnel: ${url}nowhere does not exist. Start its publisher first, or wait for it with --wait.\n`,
    );
  });

  test.each([
    ['sub', ['sub']],
    ['pub', ['pub']],
    ['ls', ['ls']],
  ])('a server that is down is 4, in one sentence: %s', async (name, args) => {
    const down = `http://127.0.0.1:${await freePort()}/${name === 'ls' ? '' : 'demo'}`;
    const { code, stderr } = await run([...args, down], 'text');
    expect(code, stderr).toBe(4);
    expect(stderr).toMatch(/^runnel: .*ECONNREFUSED/m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('a port in use is 1, and the sentence names the way out', async () => {
    const { port } = new URL(url);
    expect(await run(['serve', '--port', port])).toEqual({
      code: 1,
      stdout: '',
      stderr: `runnel: Port ${port} on 127.0.0.1 is in use: stop what listens there, or choose another port (0 takes any free one).\n`,
    });
  });

  test('wrong usage is 2, and --help is 0', async () => {
    expect(await run(['fly'])).toMatchObject({ code: 2, stdout: '' });
    expect(await run(['--help'])).toMatchObject({ code: 0, stderr: '' });
  });
});

async function run(args: readonly string[], input = '', env: Env = {}) {
  const process = startRunnel(args, env);
  process.child.stdin?.end(input);
  const { code } = await process.ended;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** How it ends when it is interrupted until it has: what comes within a second of the first is taken for the same one. */
async function insisted(process: Process): Promise<Ended> {
  let ended: Ended | undefined;
  process.ended.then((how) => {
    ended = how;
  });
  return until('its end', async () => {
    process.kill('SIGINT');
    return ended;
  });
}

async function publish(name: string, text: string, ...flags: string[]): Promise<void> {
  const { code, stderr } = await run(['pub', `${url}${name}`, ...flags], text);
  expect(code, stderr).toBe(0);
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
