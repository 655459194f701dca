/** The packages as a stranger gets them: packed, installed from their tarballs into an empty project, run by plain Node. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** In the order in which they must be built. */
const packages = ['protocol', 'server', 'pubsub'];
const run = promisify(execFile);

/** A copy of the sources inside the repository, where their dependencies are found: a dist in packages/ may be in someone's use. */
let stage: string;
/** Outside of it, where nothing of ours is found. */
let project: string;

beforeAll(async () => {
  await mkdir(join(import.meta.dirname, '.tmp'), { recursive: true });
  stage = await mkdtemp(join(import.meta.dirname, '.tmp/packaging-'));
  project = await mkdtemp(join(tmpdir(), 'runnel-packaging-'));
  await copyPackages();
  for (const name of packages) await tsc('-p', join(stage, 'packages', name, 'tsconfig.build.json'));
  const tarballs = await Promise.all(packages.map((name) => pack(join(stage, 'packages', name))));
  await write('package.json', '{"private":true,"type":"module"}');
  await npm(project, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs);
}, 120_000);

afterAll(async () => {
  await rm(stage, { recursive: true, force: true });
  await rm(project, { recursive: true, force: true });
});

test('an installed package runs under plain Node', async () => {
  await write(
    'use.js',
    `import { memberFinder } from '@runnel/protocol';
     import * as server from '@runnel/server';
     import * as pubsub from '@runnel/pubsub';
     const line = new TextEncoder().encode('{"type":"telemetry","event":{"n":1}}');
     const [{ start, end }] = memberFinder('event')(line);
     console.log(new TextDecoder().decode(line.subarray(start, end)), typeof server, typeof pubsub);`,
  );

  const { stdout } = await run(process.execPath, ['use.js'], { cwd: project });

  expect(stdout).toBe('{"n":1} object object\n');
});

test('its types hold for strict TypeScript without our condition', async () => {
  await write(
    'use.ts',
    `import { memberFinder, type Range } from '@runnel/protocol';
     import '@runnel/server';
     import '@runnel/pubsub';
     export const event: Range | undefined = memberFinder('event')(new Uint8Array())?.[0];
     // @ts-expect-error: if the types were missing, this would be no error
     export const wrong: string = event;`,
  );

  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    lib: ['es2024', 'dom'],
    types: [],
    skipLibCheck: true,
  };
  await write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  await tsc('-p', project);
});

test.each(packages)('@runnel/%s holds JavaScript, declarations and source maps, and no tests', async (name) => {
  const dist = join(project, 'node_modules/@runnel', name, 'dist');
  const files = await readdir(dist, { recursive: true });

  expect(files).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'index.js.map']));
  expect(files.filter((file) => file.includes('.test.'))).toEqual([]);
  const map = JSON.parse(await readFile(join(dist, 'index.js.map'), 'utf8'));
  expect(map.sourcesContent).toHaveLength(map.sources.length);
});

async function copyPackages(): Promise<void> {
  for (const name of ['tsconfig.json', 'tsconfig.build.json']) await cp(join(root, name), join(stage, name));
  await mkdir(join(stage, 'node_modules/@runnel'), { recursive: true });
  for (const name of packages) {
    const from = join(root, 'packages', name);
    const to = join(stage, 'packages', name);
    await cp(from, to, { recursive: true, filter: (path) => !/[/\\](node_modules|dist|\.tmp|\.turbo)$/.test(path) });
    await symlink(to, join(stage, 'node_modules/@runnel', name), 'junction');
  }
}

async function pack(folder: string): Promise<string> {
  const stdout = await npm(folder, 'pack', '--json', '--pack-destination', project);
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  return join(project, packed.filename);
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  // Under `npm test` these say which project npm works on, and would say it to this npm too.
  const ofTheOuterNpm = /^npm_(?!config_(cache|registry|userconfig|globalconfig)$)/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofTheOuterNpm.test(name)));
  const { stdout } = await run('npm', args, { cwd, env, shell: process.platform === 'win32' });
  return stdout;
}

/** TypeScript writes its findings to standard output, which an error of execFile does not show. */
async function tsc(...args: string[]): Promise<void> {
  const command = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [command, ...args]).catch((error) => {
    throw new Error(error.stdout || error.message, { cause: error });
  });
}

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(project, name)), { recursive: true });
  await writeFile(join(project, name), text);
}
