import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { channelUrl } from '@runnel/protocol';
import { createJsonlWriter } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';
import { runnel } from './runnel.ts';

interface Screen {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  readonly signal: AbortSignal;
  readonly interrupt: () => void;
  readonly text: { out: string; err: string };
}

function screen(): Screen {
  const abort = new AbortController();
  const text = { out: '', err: '' };
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdout.setEncoding('utf8').on('data', (part: string) => {
    text.out += part;
  });
  stderr.setEncoding('utf8').on('data', (part: string) => {
    text.err += part;
  });
  return { stdin, stdout, stderr, text, signal: abort.signal, interrupt: () => abort.abort() };
}

async function run(...args: string[]) {
  const at = screen();
  const code = await runnel(args, at);
  return { code, ...at.text };
}

const line = (seq: number) =>
  `{"type":"telemetry","epoch":"0a1b2c3d","seq":${seq},"event":{"id":"e${seq}","data":{"type":"tick","n":1.0}}}`;

/** What each sink has had, as the books say. */
async function taken(journal: string): Promise<number[]> {
  const { code, out } = await run('audit', journal, '--json');
  return code === 0 ? JSON.parse(out).sinks.map((sink: { out: number }) => sink.out) : [];
}

/** A folder with a journal of ten events, all of which the log has had; the relay is still running. */
async function relaying() {
  const folder = mkdtempSync(join(tmpdir(), 'runnel-journal-'));
  const server = await serve({ autocreate: true });
  const journal = join(folder, 'journal.db');
  const relay = screen();
  const done = runnel(
    ['relay', server.url, '--session', 'demo', '--port', '0', '--journal', journal, '--file', join(folder, 'events')],
    relay,
  );
  const stop = async () => {
    relay.interrupt();
    return done;
  };
  onTestFinished(async () => {
    await stop();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const events = createJsonlWriter(channelUrl(server.url, 'demo-events'), { create: true });
  await events.writeMany(Array.from({ length: 10 }, (_, at) => line(at + 1)));
  const file = () => readFileSync(join(folder, 'events'), 'utf8').split('\n').filter(Boolean);
  // In the books, too: they have what a sink took some milliseconds later.
  await expect.poll(() => taken(journal)).toEqual([10, 10]);
  await events.close();
  return { journal, stop, file, relay };
}

test('EGRESS 2.19: audit prints the books while the relay runs and after, and ends with 1 when they do not balance', async () => {
  const { journal, stop } = await relaying();
  const running = await run('audit', journal);
  expect(running).toMatchObject({ code: 0, err: '' });
  expect(running.out).toMatch(/^demo +10 +10 +0 +0 +0 +0$/m);
  expect(running.out).toMatch(/^file +10 +10 +0 +0 +0$/m);
  expect(running.out).toMatch(/\nThe books balance\.\n$/);
  expect(await stop()).toBe(0);
  expect(JSON.parse((await run('audit', '--journal', journal, '--json')).out)).toMatchObject({
    balances: true,
    sinks: [{ in: 10 }, { in: 10 }],
  });
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(journal);
  db.exec("UPDATE sinks SET delivered = 9 WHERE sink = 'file'");
  db.close();
  const wrong = await run('audit', journal);
  expect(wrong).toMatchObject({ code: 1, err: `runnel: The books of ${journal} do not balance.\n` });
  expect(wrong.out).toMatch(/^file .*DOES NOT BALANCE$/m);
});

test('EGRESS 2.16, 6.19: a second relay on the journal is an error that names it and the way out', async () => {
  const { journal } = await relaying();
  const second = await run('relay', 'http://127.0.0.1:1/', '--session', 'x', '--journal', journal);
  expect(second.code).toBe(2);
  expect(second.err).toBe(
    `runnel: another relay uses the journal ${journal}: stop it, or give this one a journal of its own\n`,
  );
});

test('replay sends from an event on again, by the relay that runs or for the next one', async () => {
  const { journal, stop, file } = await relaying();
  expect(await run('journal', 'replay', journal, '--sink', 'file', '--id', 'e8')).toMatchObject({
    code: 0,
    out: '3 events to be sent again\n',
  });
  await expect.poll(file).toHaveLength(13);
  expect(
    file()
      .slice(10)
      .map((text) => JSON.parse(text).id),
  ).toEqual(['e8', 'e9', 'e10']);
  await stop();
  expect(await run('journal', 'replay', journal, '--sink', 'file', '--since', '1h')).toMatchObject({
    code: 0,
    out: '10 events to be sent again\n',
  });
  expect((await run('journal', 'inspect', journal)).out).toMatch(/^file +10 +0 +\d{4}-\S+Z +\d{4}-\S+Z +0 +0$/m);
  expect(await run('journal', 'purge', journal, '--sink', 'file', '--before', '1h')).toMatchObject({
    out: '0 events dropped\n',
  });
  expect(await run('journal', 'purge', journal, '--sink', 'file')).toMatchObject({ out: '10 events dropped\n' });
  expect(await run('journal', 'dead', journal)).toMatchObject({ code: 0, out: '' });
  expect(await run('audit', journal)).toMatchObject({ code: 0 });
  expect(await run('journal', 'replay', journal, '--sink', 'file', '--id', 'nobody')).toMatchObject({
    code: 3,
    err: 'runnel: The journal keeps no event nobody.\n',
  });
});

test.each([
  [['audit'], 2, 'Say which journal'],
  [['audit', '/nowhere/journal'], 2, 'no journal can be read at /nowhere/journal'],
  [['journal', 'replay', 'x', '--sink', 'a'], 2, 'Say one of'],
  [['journal', 'replay', 'x', '--sink', 'a', '--dead', '--from', '1'], 2, 'Say one of'],
  [['journal', 'replay', 'x', '--sink', 'a', '--since', 'yesterday'], 2, 'must be a time'],
  [['journal', 'purge', 'x', '--sink', 'a', '--dead', '--forget'], 2, 'Say at most one of'],
  [['journal', 'purge', 'x'], 2, 'required option'],
  [['journal', 'fly'], 2, 'unknown command'],
])('wrong usage says why: %j', async (args, code, sentence) => {
  const said = await run(...args);
  expect(said.code).toBe(code);
  expect(said.err).toContain(sentence);
  expect(said.err).not.toMatch(/^ +at /m);
});
