/** What these clients do to the life of their process. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';

async function run(code: string): Promise<string> {
  const { href } = new URL('../src/index.ts', import.meta.url);
  const script = `import { createJsonlWriter, subscribe } from '${href}';\n${code}`;
  const args = ['--conditions=source', '--input-type=module', '--eval', script];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

/** The URL of a channel where nobody listens. */
async function nobody(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}/c`;
}

test('a process that waits for a server to come back lives on, though it has no connection', async () => {
  const url = await nobody();
  const reading = `const subscription = subscribe('${url}', { retries: 2 });
    for await (const segment of subscription);
    console.log(subscription.end);`;
  const writing = `const writer = createJsonlWriter('${url}');
    for (let tries = 0; tries < 3; tries++) await writer.write('{}').catch(({ code }) => console.log(code));`;
  expect(await Promise.all([run(reading), run(writing)])).toEqual(['gave_up\n', 'unreachable\n'.repeat(3)]);
});

test('a process that has closed them ends by itself, whatever connections were kept', async () => {
  const server = await serve({ autocreate: true });
  onTestFinished(() => server.close());
  const code = `const writer = createJsonlWriter('${server.url}c', { create: true });
    await writer.write('{}');
    const subscription = subscribe('${server.url}c');
    for await (const segment of subscription) break;
    console.log((await writer.close()).linesAcknowledged);`;
  expect(await run(code)).toBe('1\n');
});
