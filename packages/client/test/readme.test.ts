import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { channelUrl } from '@runnel/protocol';
import { createJsonlWriter } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';
import { event, line } from './loop.ts';

const example = join(import.meta.dirname, '../examples/relay.ts');

test('the example of the README runs', async () => {
  const server = await serve({ port: 0, autocreate: true });
  const events = createJsonlWriter(channelUrl(server.url, 'demo-events'), { create: true });
  const child = spawn(process.execPath, ['--conditions=source', example, server.url]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await events.close();
    await server.close();
  });
  let output = '';
  const done = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (/notification hi[\s\S]*status at|status at[\s\S]*notification hi/.test(output) && output.includes('demo id1'))
        resolve();
    });
  });
  await events.writeMany([line(1, 'aaaaaaaa', event('id1')), '{"type":"notification","payload":"hi"}']);
  await done;
  child.kill('SIGINT');
  expect((await once(child, 'close'))[0]).toBe(0);
  expect(output).toContain(`demo id1 ${event('id1')}\n`);
  expect(output).toContain('{ delivered: 1, kept: 0, dropped: 0 }');
});

test('the README shows the example as it is', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\`\n`);
});
