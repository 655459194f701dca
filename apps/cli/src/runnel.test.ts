/** Everything that needs no process of its own; test/e2e/cli.test.ts pipes real ones together. */
import { PassThrough } from 'node:stream';
import { DEFAULT_LIMITS, serve } from '@runnel/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runnel } from './runnel.ts';

let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  server = await serve({ autocreate: true, changefeed: true, lingerMs: 30_000 });
});

afterAll(() => server.close());

describe('usage', () => {
  test.each([
    [['pub']],
    [['pub', 'demo']],
    [['pub', 'http://127.0.0.1/demo', '--header', 'nothing']],
    [['sub', 'http://127.0.0.1/demo', '--from', 'yesterday']],
    [['sub', 'http://127.0.0.1/demo', '--count', '0']],
    [['serve', '--port', '70000']],
    [['serve', '--window', 'wide']],
    [['serve', 'here']],
    [['relay', 'http://127.0.0.1/']],
    [['relay']],
    [['ls', 'demo']],
    [['conformance']],
    [['fly']],
    [['--loud']],
    [[]],
  ])('wrong usage is 2, says why and writes nothing to standard output: %j', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: |^Usage: /);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test.each([['serve'], ['pub'], ['sub'], ['relay'], ['ls'], ['conformance']])(
    '%s --help tells usage and exit codes',
    async (name) => {
      const { code, stdout, stderr } = await run([name, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: runnel ${name} `));
      expect(stdout).toMatch(/^Exit codes:\n( .*\n)* {2}130 /m);
    },
  );

  test('--help names every command, --version the version', async () => {
    const { stdout } = await run(['--help']);
    for (const name of ['serve', 'pub', 'sub', 'relay', 'ls', 'conformance'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('every limit of the server is a flag of serve, with its default', async () => {
    const { stdout } = await run(['serve', '--help']);
    for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect(stdout.replace(/\s+/g, ' ')).toMatch(new RegExp(`--${flag} <\\w+> [^(]*\\(default: ${value}\\)`));
    }
  });
});

describe('standard error', () => {
  test('of a terminal shows a moving line, which the counts replace', async () => {
    const screen = terminal({ isTTY: true });
    const done = runnel(['pub', `${server.url}moving`], screen);
    screen.stdin.write('12345');
    await screen.shows(/\[2Ksegment 0, 5 bytes, 1 segments, .*\/s$/);
    screen.stdin.end();
    expect(await done).toBe(0);
    expect(screen.said().stderr).toMatch(/\[2Ksent 5 bytes, 1 segments in \d+\.\d s\n$/);
  });

  test('of a file has the counts only', async () => {
    const { stderr } = await run(['pub', `${server.url}still`], '12345');
    expect(stderr).toMatch(/^sent 5 bytes, 1 segments in \d+\.\d s\n$/);
  });
});

describe('pub', () => {
  test('begins a new segment at --segment-bytes, and the bytes arrive as they were', async () => {
    const { stderr } = await run(['pub', `${server.url}cut`, '--segment-bytes', '4'], '1234567890');
    expect(stderr).toMatch(/^sent 10 bytes, 3 segments /);
    expect((await run(['sub', `${server.url}cut`, '--from', '1', '--count', '1'])).stdout).toBe('5678');
    expect((await run(['sub', `${server.url}cut`, '--from', 'oldest'])).stdout).toBe('1234567890');
  });

  test('ends a segment after --segment-ms, with or without further bytes', async () => {
    const screen = terminal();
    const done = runnel(['pub', `${server.url}slow`, '--segment-ms', '50'], screen);
    screen.stdin.write('first');
    expect((await run(['sub', `${server.url}slow`, '--wait', '--count', '1'])).stdout).toBe('first');
    screen.stdin.end('second');
    expect(await done).toBe(0);
    expect((await run(['sub', `${server.url}slow`, '--from', '1'])).stdout).toBe('second');
  });

  test('sends the headers it is given, and the media type', async () => {
    const asked: string[] = [];
    const guarded = await serve({
      autocreate: true,
      beforeCreate: (_, headers) => void asked.push(`${headers.get('x-token')} ${headers.get('expect-content')}`),
    });
    await run(['pub', `${guarded.url}guarded`, '-H', 'X-Token: secret', '--mime', 'text/plain'], 'text');
    await guarded.close();
    expect(asked).toEqual(['secret text/plain']);
  });

  test('a channel that ends under it is 1', async () => {
    const screen = terminal();
    const done = runnel(['pub', `${server.url}ended`, '--jsonl'], screen);
    screen.stdin.write('{"n":1}\n');
    await run(['sub', `${server.url}ended`, '--wait', '--jsonl', '--count', '1']);
    await fetch(`${server.url}ended`, { method: 'DELETE' });
    screen.stdin.end('{"n":2}\n');
    expect(await done).toBe(1);
    expect(screen.said().stderr).toMatch(/runnel: .*(ended|not acknowledged)/);
  });

  test('nothing to send makes no channel', async () => {
    expect(await run(['pub', `${server.url}empty`])).toMatchObject({ code: 0, stdout: '' });
    expect((await fetch(`${server.url}empty/next`)).status).toBe(404);
  });
});

test('ls shows no control characters of a name', async () => {
  const other = await serve({ changefeed: true, channels: [{ name: 'a\u202eb', mime: 'text/plain' }] });
  const { stdout } = await run(['ls', other.url]);
  await other.close();
  expect(stdout).toMatch(/^a\ufffdb +text\/plain/m);
});

function terminal({ isTTY = false } = {}) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const said = { stdout: '', stderr: '' };
  const looks = new Set<() => void>();
  for (const [name, stream] of Object.entries({ stdout, stderr })) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said[name as keyof typeof said] += text;
      for (const look of looks) look();
    });
  }
  const { signal } = new AbortController();
  /** Resolves when standard error matches. */
  const shows = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => pattern.test(said.stderr) && resolve();
      looks.add(look);
      look();
    });
  return { stdin, stdout, stderr, signal, shows, said: () => said };
}

async function run(args: readonly string[], input = '') {
  const screen = terminal();
  screen.stdin.end(input);
  const code = await runnel(args, screen);
  return { code, ...screen.said() };
}
