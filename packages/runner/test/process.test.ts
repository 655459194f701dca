/** What a runner does to the life of its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';

function run(code: string): ChildProcess {
  const { href } = new URL('../src/index.ts', import.meta.url);
  const script = `import { createRunner } from '${href}';\n${code}`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', script]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a process lives until close has its books, whatever keeps them waiting', async () => {
  const child = run(`const sink = { name: 'hangs', send: () => new Promise(() => {}), close: async () => {} };
    const runner = createRunner({ session: 's', sink });
    runner.emit('tick');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { emitted, dropped } = await runner.close({ deadlineMs: 300 });
    console.log(JSON.stringify({ emitted, dropped }));`);
  let said = '';
  child.stdout?.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  expect({ code, said }).toEqual({ code: 0, said: '{"emitted":1,"dropped":{"shutdown":1}}\n' });
});

test('a process whose events channel does not exist yet lives on, asks for it at least each second, and writes once it is there', async () => {
  const server = await serve({ autocreate: false });
  onTestFinished(() => server.close());
  const child = run(`const runner = createRunner({ session: 's', eventsUrl: '${server.url}s-events' });
    setInterval(() => runner.emit('tick'), 10).unref();`);
  let ended = false;
  child.once('close', () => {
    ended = true;
  });
  const tries = async () => (await server.trickle.metrics()).match(/answers_total\{method="GET",status="404"\} (\d+)/);
  while (!ended && Number((await tries())?.[1] ?? 0) < 8) await setTimeout(20);
  expect(ended).toBe(false);
  server.trickle.create('s-events', 'application/jsonl');
  const answer = await fetch(`${server.url}s-events/0`);
  expect(answer.status).toBe(200);
  await answer.body?.cancel();
});
