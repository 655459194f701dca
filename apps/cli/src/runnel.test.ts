/** Everything that needs no process of its own; test/e2e/cli.test.ts pipes real ones together. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
    [['control']],
    [['control', 'demo', '--sample', 'much']],
    [['control', 'demo', '--relay', 'here']],
    [['control', 'demo', '--on', '--off']],
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

  test.each([['serve'], ['pub'], ['sub'], ['relay'], ['control'], ['audit'], ['journal'], ['ls'], ['conformance']])(
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
    for (const name of ['serve', 'pub', 'sub', 'relay', 'control', 'audit', 'journal', 'ls', 'conformance'])
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
    await screen.said(/\[2Ksegment 0, 5 bytes, 1 segments, .*\/s$/);
    screen.stdin.end();
    expect(await done).toBe(0);
    expect(screen.text().stderr).toMatch(/\[2Ksent 5 bytes, 1 segments in \d+\.\d s\n$/);
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
    expect((await run(['sub', `${server.url}slow`, '--wait', '--from', 'oldest', '--count', '1'])).stdout).toBe(
      'first',
    );
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
    expect(screen.text().stderr).toMatch(/runnel: .*(ended|not acknowledged)/);
  });

  test('what was not acknowledged is 1', async () => {
    const screen = terminal();
    const done = runnel(['pub', `${server.url}cut-off`, '--jsonl'], screen);
    screen.stdin.write('{"n":1}\n');
    await run(['sub', `${server.url}cut-off`, '--wait', '--jsonl', '--count', '1']);
    await fetch(`${server.url}cut-off`, { method: 'DELETE' });
    screen.stdin.end();
    expect(await done).toBe(1);
    expect(screen.text().stderr).toMatch(
      /runnel: 1 lines were not acknowledged by http:\S+; readers may have them or not\.\n$/,
    );
  });

  test('a bad line ends it with 1 and the number, and the lines before it arrive', async () => {
    const { code, stderr } = await run(['pub', `${server.url}broken`, '--jsonl'], '{"n":1}\n{"n":2}\n{n:3}\n{"n":4}\n');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sent 2 lines, .*\nrunnel: Line 3 of standard input is not valid JSON/);
    expect(await sub('broken', '--jsonl', '--from', 'oldest')).toBe('{"n":1}\n{"n":2}\n');
  });

  test('nothing to send makes no channel', async () => {
    expect(await run(['pub', `${server.url}empty`])).toMatchObject({ code: 0, stdout: '' });
    expect((await fetch(`${server.url}empty/next`)).status).toBe(404);
  });
});

describe('sub', () => {
  test('--from picks the segment, --count ends there', async () => {
    for (const text of ['zero', 'one', 'two']) await run(['pub', `${server.url}places`, '--keep'], text);

    expect(await sub('places', '--from', '0', '--count', '1')).toBe('zero');
    expect(await sub('places', '--from', 'oldest', '--count', '3')).toBe('zeroonetwo');
    expect(await sub('places', '--from', '-3', '--count', '1')).toBe('one');
    expect(await sub('places', '--count', '1')).toBe('two');

    const next = sub('places', '--from', 'next');
    await expect
      .poll(() => server.trickle.list().some(({ name, readers }) => name === 'places' && readers === 1))
      .toBe(true);
    await run(['pub', `${server.url}places`], 'three');
    expect(await next).toBe('three');
  });

  test('--jsonl leaves out what is no JSON object, and counts it', async () => {
    await run(['pub', `${server.url}mixed`, '--mime', 'application/jsonl'], '{"n":1}\nnonsense\n{"n": 2}\n');
    const { code, stdout, stderr } = await run(['sub', `${server.url}mixed`, '--jsonl', '--from', 'oldest']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"n":1}\n{"n": 2}\n' });
    expect(stderr).toMatch(/^received 2 lines, .* 1 bad lines in /);
  });

  test('--jsonl --count ends in the middle of a segment', async () => {
    const flags = ['--jsonl', '--segment-bytes', '16'];
    const { stderr } = await run(
      ['pub', `${server.url}many`, ...flags],
      '{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n{"n":5}\n',
    );
    expect(stderr).toMatch(/^sent 5 lines, 40 bytes, 3 segments /);
    expect(await sub('many', '--jsonl', '--from', 'oldest', '--count', '3')).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
  });
});

describe('ls', () => {
  test('lists channels with their figures', async () => {
    await run(['pub', `${server.url}listed`, '--keep'], 'some bytes');

    const { code, stdout, stderr } = await run(['ls', server.url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME +TYPE +HEAD/);
    expect(stdout).toMatch(/^listed +application\/octet-stream +1 +0 +0 +0 +10 +open$/m);

    const rows = (await run(['ls', server.url, '--json'])).stdout.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row))).toContainEqual(
      expect.objectContaining({ name: 'listed', head: 1, bytes: 10 }),
    );
  });

  test('says so when the server does not list', async () => {
    const plain = await serve();
    const said = await run(['ls', plain.url]);
    await plain.close();
    expect(said).toEqual({
      code: 3,
      stdout: '',
      stderr: `runnel: ${plain.url} does not list its channels; a Runnel server does with --changefeed.\n`,
    });
  });

  test('of a server that has a changefeed and no listing shows the changes it still holds', async () => {
    const { url, close } = await likeGo(server.url);
    const { code, stdout, stderr } = await run(['ls', url]);
    await close();
    expect(code).toBe(0);
    expect(stderr).toBe(`${url} does not list its channels; these are the last changes its changefeed holds.\n`);
    expect(stdout).toMatch(/^(?:[+-] \S+\n)+$/);
  });

  test('shows no control characters of a name', async () => {
    const other = await serve({ changefeed: true, channels: [{ name: 'a\u202eb', mime: 'text/plain' }] });
    const { stdout } = await run(['ls', other.url]);
    await other.close();
    expect(stdout).toMatch(/^a\ufffdb +text\/plain/m);
  });
});

describe('serve', () => {
  test('takes a base path, channels of its own and limits, and says where it is', async () => {
    const screen = terminal();
    const flags = ['--port', '0', '--json', '--base-path', 'ai/trickle', '--no-autocreate', '--segment-bytes', '1000'];
    const done = runnel(['serve', ...flags, '--channel', 'made=text/plain', '--changefeed'], screen);
    await screen.said(/\}\n$/);
    const { url } = JSON.parse(screen.text().stdout);
    expect(new URL(url).pathname).toBe('/ai/trickle/');

    expect((await run(['ls', url])).stdout).toMatch(/^made +text\/plain +0 /m);
    expect(await run(['pub', `${url}other`], 'text')).toMatchObject({ code: 3 });
    const tooLong = await run(['pub', `${url}made`, '--keep'], 'x'.repeat(1001));
    expect(tooLong.code).toBe(1);
    expect(tooLong.stderr).toContain('413');
    screen.interrupt();
    expect(await done).toBe(0);
  });
});

describe('relay', () => {
  const event = (n: number) => `{"id":"e${n}","type":"stream_trace","data":{"type":"tick","n":${n}}}`;
  const line = (n: number) => `{"type":"telemetry","event":${event(n)}}\n`;

  test('writes a line an event to the log, and the event to the file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'runnel-relay-')), 'events.ndjson');
    const screen = terminal();
    const done = runnel(['relay', server.url, '--session', 'one', 'two', '--port', '0', '--file', file], screen);
    await screen.said(/runnel relays one, two from \S+, status at http:\S+\/status\n/);
    await run(['pub', `${server.url}one-events`, '--jsonl'], line(1));
    await run(['pub', `${server.url}two-events`, '--jsonl'], line(2));
    await screen.said(/session=one/);
    await screen.said(/session=two/);
    screen.interrupt();

    expect(await done).toBe(0);
    const { stdout, stderr } = screen.text();
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'TELEMETRY type=tick id=e1 session=one connection=- relayed_via=trickle data={"n":1}',
      'TELEMETRY type=tick id=e2 session=two connection=- relayed_via=trickle data={"n":2}',
    ]);
    expect(stderr).toMatch(/\nrelayed 4 events, 0 kept, 0 dropped\n$/);
    const lines = (await readFile(file, 'utf8')).split('\n').sort();
    expect(lines).toEqual(['', event(1), event(2)]);
    await rm(dirname(file), { recursive: true });
  });

  test('serves its books at --port, and refuses one that is taken', async () => {
    const screen = terminal();
    const done = runnel(['relay', server.url, '--session', 'books', '--port', '0'], screen);
    await screen.said(/status at \S+/);
    const status = /status at (\S+)/.exec(screen.text().stderr)?.[1] ?? '';
    expect(await (await fetch(status)).json()).toMatchObject({ sessions: [{ id: 'books' }], sinks: [{ sink: 'log' }] });
    const { port } = new URL(status);
    const second = await run(['relay', server.url, '--session', 'books', '--port', port]);
    screen.interrupt();
    expect(await done).toBe(0);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      `runnel: Port ${port} on 127.0.0.1 is in use: choose another with --port (0 takes any free one).\n`,
    );
  });

  test('listens where control looks for it, and elsewhere says how control finds it', async () => {
    const help = async (name: string) => (await run([name, '--help'])).stdout.replace(/\s+/g, ' ');
    const [, port] = /--port <port> [^(]*\(default: (\d+)\)/.exec(await help('relay')) ?? [];
    expect(await help('control')).toContain(`(default: "http://127.0.0.1:${port}/"`);
    const screen = terminal();
    const done = runnel(['relay', server.url, '--session', 'found', '--port', '0'], screen);
    await screen.said(/steer it with .*\n/);
    const { stderr } = screen.text();
    const line = /steer it with runnel (control SESSION --relay \S+)\n/.exec(stderr)?.[1] ?? '';
    const asked = await run(line.replace('SESSION', 'found').split(' '));
    expect(asked.stdout).toMatch(/^session found: /);
    screen.interrupt();
    expect(await done).toBe(0);
  });

  test('serves the console where it is asked to, on this machine without a token', async () => {
    const screen = terminal();
    const done = runnel(['relay', server.url, '--session', 'seen', '--port', '0', '--console'], screen);
    await screen.said(/console on \S+\n/);
    const page = /console on (\S+)/.exec(screen.text().stderr)?.[1] ?? '';
    const { headers } = await fetch(page);
    // Built or not: it is a page, and one that talks to this server.
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect((await fetch(`${page}status`)).headers.get('content-security-policy')).toContain(new URL(server.url).origin);
    screen.interrupt();
    expect(await done).toBe(0);
    expect(screen.text().stderr).not.toContain('token');
  });

  test('on another host asks for the token, which it prints', async () => {
    const screen = terminal();
    const done = runnel(['relay', server.url, '--session', 'open', '--port', '0', '--host', '0.0.0.0'], screen);
    await screen.said(/it asks for this token: \w+\n/);
    const { stderr } = screen.text();
    const token = /token: (\w+)/.exec(stderr)?.[1] ?? '';
    const status = (/status at (\S+)/.exec(stderr)?.[1] ?? '').replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(status)).status).toBe(401);
    expect((await fetch(status, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
    screen.interrupt();
    expect(await done).toBe(0);
    expect(stderr).toContain('credentials');
  });

  test('says that it waits for a server that is not there, and ends at once all the same', async () => {
    const screen = terminal();
    const done = runnel(['relay', 'http://127.0.0.1:1/', '--session', 'early', '--port', '0'], screen);
    await screen.said(/\nsession early: waiting for the server at http:\/\/127\.0\.0\.1:1\/\n/);
    screen.interrupt();
    expect(await done).toBe(0);
  });

  test('ends when the one who reads its log hangs up', async () => {
    const screen = terminal();
    const done = runnel(['relay', server.url, '--session', 'deaf', '--port', '0'], screen);
    screen.stdout.on('error', () => {}).destroy();
    await run(['pub', `${server.url}deaf-events`, '--jsonl'], line(1));
    expect(await done).toBe(0);
  });

  test('opens no session where its port is taken: another relay may be reading it', async () => {
    const port = new URL(server.url).port;
    // An id that cannot be opened is what tells which of the two comes first.
    expect((await run(['relay', server.url, '--session', '\n', '--port', port])).code).toBe(1);
  });

  test('an id that names no channel is 2', async () => {
    expect((await run(['relay', server.url, '--session', '\n', '--port', '0'])).code).toBe(2);
  });
});

describe('conformance', () => {
  test('is 0 when every case passes, and prints them', async () => {
    const { code, stdout } = await run([
      'conformance',
      server.url,
      '--only',
      '3.3',
      '5',
      '--features',
      'autocreate,changefeed',
    ]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/ 0 failed/) });
    expect(stdout).toMatch(/^3\.3 .* pass /m);
  });

  test('is 1 when a case fails', async () => {
    const { url, close } = await likeGo(server.url);
    const { code, stderr } = await run(['conformance', url, '--only', '3.3', '--features', 'autocreate']);
    await close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/runnel: \d+ of \d+ cases failed\.\n$/);
  });

  test('is 4 when the server does not answer, 2 for a section or feature that there is not', async () => {
    expect((await run(['conformance', 'http://127.0.0.1:1/'])).code).toBe(4);
    expect((await run(['conformance', server.url, '--only', '99', '--features', 'autocreate'])).code).toBe(2);
    expect((await run(['conformance', server.url, '--features', 'wings'])).code).toBe(2);
  });
});

test('an interrupted sub ends with 130 and its counts', async () => {
  const screen = terminal();
  const done = runnel(['sub', `${server.url}never`, '--wait'], screen);
  screen.interrupt();
  expect(await done).toBe(130);
  expect(screen.text().stderr).toMatch(/^received 0 bytes, 0 segments, 0 skipped in /);
});

function terminal({ isTTY = false } = {}) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const text = { stdout: '', stderr: '' };
  const looks = new Set<() => void>();
  for (const [name, stream] of [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text[name] += more;
      for (const look of looks) look();
    });
  }
  /** Resolves when one of the two matches. */
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => (pattern.test(text.stdout) || pattern.test(text.stderr)) && resolve();
      looks.add(look);
      look();
    });
  const controller = new AbortController();
  return {
    stdin,
    stdout,
    stderr,
    signal: controller.signal,
    interrupt: () => controller.abort(),
    said,
    text: () => text,
  };
}

async function run(args: readonly string[], input = '') {
  const screen = terminal();
  screen.stdin.end(input);
  const code = await runnel(args, screen);
  return { code, ...screen.text() };
}

async function sub(name: string, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['sub', `${server.url}${name}`, ...flags]);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** The Go server knows no GET of a channel, and has no listing. */
async function likeGo(url: string) {
  const front = createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (path === '/_channels') {
      response.writeHead(405).end();
      return;
    }
    const answer = await fetch(new URL(path, url));
    response.writeHead(answer.status).end(await answer.text());
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => new Promise((resolve) => front.close(resolve)) };
}
