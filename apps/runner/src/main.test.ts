import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { sessionChannels } from '@runnel/protocol';
import { readJsonl, subscribe } from '@runnel/pubsub';
import { type Serving, serve } from '@runnel/server';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

let folder: string;
let server: Serving;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnel-runner-'));
  server = await serve({ autocreate: true, lingerMs: 60_000 });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--conditions=source', main, ...args], { env: { ...process.env, ...env } });
  cleanups.push(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then(([stdout, stderr]) => ({ stdout, stderr }));
  return { child, exited, output };
}

type Data = Record<string, unknown> & { type: string };

/** Reads a session's telemetry until `enough` of the events so far; gives their data. */
async function telemetry(session: string, enough: (events: Data[]) => boolean): Promise<Data[]> {
  const events: Data[] = [];
  const reader = readJsonl(server.url + sessionChannels(session).events, { from: 'oldest', waitForChannel: true });
  cleanups.push(() => reader.close());
  for await (const lines of reader) {
    for (const { value } of lines) {
      if (value.type === 'telemetry') events.push((value.event as { data: Data }).data);
    }
    if (enough(events)) break;
  }
  return events;
}

const has = (type: string) => (events: Data[]) => events.some((event) => event.type === type);

describe('the job', () => {
  it('publishes finished frames and telemetry about them, and on SIGTERM drains and exits 0', async () => {
    const args = ['--url', server.url, '--session', 'job', '--fps', '20', '--size', '160x90'];
    const { child, exited, output } = start(args);
    const frames: Buffer[] = [];
    for await (const segment of subscribe(`${server.url}job-out`, { from: 'oldest', waitForChannel: true })) {
      expect(segment.contentType).toBe('image/jpeg');
      const chunks: Uint8Array[] = [];
      for await (const chunk of segment) chunks.push(chunk);
      frames.push(Buffer.concat(chunks));
      if (frames.length === 5) break;
    }
    for (const frame of frames)
      expect(await sharp(frame).metadata()).toMatchObject({ format: 'jpeg', width: 160, height: 90 });
    expect(new Set(frames.map((frame) => frame.toString('base64'))).size).toBe(5);

    const stats = (await telemetry('job', has('stream.stats'))).find(({ type }) => type === 'stream.stats');
    expect(stats).toMatchObject({
      fps_in: expect.any(Number),
      rss_mb: expect.any(Number),
      heap_used_mb: expect.any(Number),
      host_memory_used_percent: expect.any(Number),
    });
    expect(Object.keys(stats?.stages as object)).toStrictEqual(['decode', 'resize', 'effect', 'encode']);
    expect(stats?.fps_out).toBeGreaterThan(0);

    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    const types = (await telemetry('job', () => false)).map(({ type }) => type);
    expect(types[0]).toBe('stream_started');
    expect(types).toContain('playback_ready');
    expect(types.at(-1)).toBe('stream_stopped');
    const { stdout, stderr } = await output;
    expect(stderr).toBe('');
    expect(stdout).toContain(`160x90 at 20 fps, to ${server.url}job-out`);
    expect(stdout).toMatch(/stopped; events: (\d+) emitted, \1 written\n$/);
    expect(server.trickle.list().filter(({ name, closed }) => name.startsWith('job') && !closed)).toStrictEqual([]);
  });

  it('accounts for every frame at the end', async () => {
    const { child, exited } = start(['--url', server.url, '--session', 'books', '--fps', '120', '--size', '64x64']);
    await telemetry('books', has('stream.stats'));
    child.kill('SIGINT');
    await exited;
    const stopped = (await telemetry('books', () => false)).find(({ type }) => type === 'stream_stopped');
    const { frames_in, frames_out, frames_dropped } = stopped as Data & { frames_in: number; frames_out: number };
    const dropped = Object.values(frames_dropped as Record<string, number>).reduce((sum, count) => sum + count);
    expect(frames_in).toBeGreaterThan(0);
    expect(frames_in - frames_out - dropped).toBeGreaterThanOrEqual(0);
    // One may have been on its way.
    expect(frames_in - frames_out - dropped).toBeLessThanOrEqual(1);
  });

  it('leaves out a bad picture of a folder, once, by name, and goes on with the others', async () => {
    const input = join(folder, 'mixed');
    await mkdir(input);
    const good = await sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    await writeFile(join(input, 'a.png'), good);
    await writeFile(join(input, 'b.png'), good.subarray(0, 40));
    await writeFile(join(input, 'notes.txt'), 'no picture, and not looked at');
    start(['--url', server.url, '--session', 'mixed', '--fps', '30', '--size', '64x64', '--input', input]);
    const events = await telemetry('mixed', (all) => all.filter(({ type }) => type === 'stream.stats').length >= 2);
    expect(events.filter(({ type }) => type === 'error')).toMatchObject([
      { file: 'b.png', error: { error_type: 'frame_failed', message: expect.any(String) } },
    ]);
    expect(events.find(({ type }) => type === 'stream.stats')).toMatchObject({ frames_dropped: { failed: 1 } });
    expect(has('playback_ready')(events)).toBe(true);
  });

  it('ends with 1 and an error event when no picture can be read', async () => {
    const input = join(folder, 'bad.png');
    await writeFile(input, 'no picture');
    const { exited, output } = start(['--url', server.url, '--session', 'bad', '--input', input]);
    expect(await exited).toBe(1);
    expect((await output).stderr).toBe('error: none of the pictures can be read\n');
    const errors = (await telemetry('bad', () => false))
      .filter(({ type }) => type === 'error')
      .map(({ error }) => error);
    expect(errors).toMatchObject([{ error_type: 'frame_failed' }, { error_type: 'media_input_loop_failed' }]);
  });
});

describe('without a server', () => {
  it('keeps running, begins when the server comes, and finds the next one', async () => {
    const first = await serve({ autocreate: true });
    const { port } = first;
    await first.close();
    const { child, exited, output } = start(['--session', 's', '--fps', '20', '--size', '64x64'], {
      RUNNEL_URL: `http://127.0.0.1:${port}/`,
    });
    for (let life = 0; life < 2; life++) {
      const next = await serve({ autocreate: true, port });
      const arrived = [];
      for await (const segment of subscribe(`${next.url}s-out`, { from: 'oldest', waitForChannel: true })) {
        arrived.push(segment.seq);
        if (arrived.length === 3) break;
      }
      const introduced = readJsonl(`${next.url}s-events`, { from: 'oldest', waitForChannel: true });
      for await (const lines of introduced) {
        if (lines.some(({ value }) => value.type === 'runner_ready')) break;
      }
      expect(introduced.stats.lines).toBeGreaterThan(0);
      await next.close();
    }
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect((await output).stderr).toBe('');
  });

  it('stops in time all the same', async () => {
    const { child, exited, output } = start(['--url', 'http://127.0.0.1:1/', '--size', '64x64']);
    await once(child.stdout, 'data');
    const asked = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect((await output).stdout).toMatch(/stopped; events: \d+ emitted, 0 written, \d+ dropped \(shutdown\)/);
  });
});

describe('the command line', () => {
  const ended = async (args: readonly string[], env?: Record<string, string>) => {
    const { exited, output } = start(args, env);
    return { code: await exited, ...(await output) };
  };

  it('explains itself', async () => {
    const { code, stdout } = await ended(['--help']);
    expect(code).toBe(0);
    for (const word of ['--input', '--fps', '--size', '--url', '--session', '640x360']) expect(stdout).toContain(word);
  });

  it.each([
    [['--fps', 'many'], 'It must be a number from 0.1 to 240.'],
    [['--fps', '0'], 'It must be a number from 0.1 to 240.'],
    [['--size', '640'], 'It must be like 640x360'],
    [['--size', '4x4'], 'It must be like 640x360'],
    [['--input', '/nowhere/at/all'], 'no such file or folder: /nowhere/at/all'],
    [['--url', 'nowhere'], 'RUNNEL_URL'],
    [['--wrong'], "unknown option '--wrong'"],
  ])('ends with 2 and one clear sentence for %j', async (args, sentence) => {
    const { code, stdout, stderr } = await ended(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
  });

  it('ends with 2 for a folder without pictures', async () => {
    const input = join(folder, 'empty');
    await mkdir(input);
    const { code, stderr } = await ended(['--input', input]);
    expect(code).toBe(2);
    expect(stderr).toContain(`no pictures in ${input}`);
  });
});
