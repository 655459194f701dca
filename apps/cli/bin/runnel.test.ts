import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'runnel-bin-'));
  await cp(import.meta.dirname, join(home, 'bin'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  await write('package.json', '{"type":"module"}');
});

afterEach(() => rm(home, { recursive: true, force: true }));

describe('the runnel command', () => {
  test('runs the source in a checkout, and its packages resolve to their source too', async () => {
    await write(
      'src/main.ts',
      "import { from } from 'dep';\nconst said: string = from;\nconsole.log(said, process.argv[2]);",
    );
    await write('dist/main.js', "console.log('dist');");
    await write(
      'node_modules/dep/package.json',
      '{"type":"module","exports":{"source":"./source.js","default":"./dist.js"}}',
    );
    await write('node_modules/dep/source.js', "export const from = 'source';");
    await write('node_modules/dep/dist.js', "export const from = 'dist';");

    expect(await runnel(['word'])).toEqual({ code: 0, stdout: 'source word\n', stderr: '' });
  });

  test('runs what was built when there is no source', async () => {
    await write('dist/main.js', "console.log('dist', process.argv[2]);");

    expect(await runnel(['word'])).toEqual({ code: 0, stdout: 'dist word\n', stderr: '' });
  });

  test('says in one sentence that a Node is too old, and exits with 1', async () => {
    await write('old.cjs', "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });");

    expect(await runnel([], ['--require', join(home, 'old.cjs')])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'runnel needs Node 24 or newer, and this is Node 20.20.2.\n',
    });
  });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
}

function runnel(args: string[], nodeArgs: string[] = []) {
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>();
  execFile(process.execPath, [...nodeArgs, join(home, 'bin/runnel.js'), ...args], (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr }),
  );
  return promise;
}
