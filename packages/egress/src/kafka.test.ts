import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { envelope } from '../test/envelopes.ts';
import { kafkaSink } from './kafka.ts';

const signal = new AbortController().signal;

test('EGRESS 2.6: no broker there is unavailable, and says who was asked', async () => {
  const sink = kafkaSink({ brokers: ['127.0.0.1:1'] });
  await expect(sink.send([envelope('a')], signal)).rejects.toMatchObject({
    name: 'SinkError',
    kind: 'unavailable',
    message: expect.stringMatching(/scope-events.*127\.0\.0\.1:1/),
  });
  await sink.close();
});

test('without its client the error names the line that installs it', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== '@platformatic/kafka') return next(specifier, context);
        throw Object.assign(new Error("Cannot find package '@platformatic/kafka'"), { code: 'ERR_MODULE_NOT_FOUND' });
      },
    });
    const { needKafka } = await import(${JSON.stringify(join(import.meta.dirname, 'kafka.ts'))});
    await needKafka().catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=source',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(stdout).toBe(
    'invalid @platformatic/kafka is not installed; this sink needs it: npm install @platformatic/kafka@2\n',
  );
});
