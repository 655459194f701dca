/** What a browser is given: how much, and under which policy it still works. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { dist } from './loop/build.ts';

const named = async (end: string) =>
  (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(end)).sort();

it('at most 120 kB of gzipped script', async () => {
  const scripts = await Promise.all((await named('.js')).map((name) => readFile(join(dist, name))));
  const bytes = scripts.reduce((sum, script) => sum + gzipSync(script).length, 0);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(120_000);
  console.log(`script: ${(bytes / 1000).toFixed(1)} kB gzipped`);
});

it('no inline script or style, and a place for the token', async () => {
  const html = await readFile(join(dist, 'index.html'), 'utf8');
  expect(html).toContain('<meta name="runnel-token" content="">');
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)[^>]*>|\son\w+=/i);
});

it('nothing in it names another machine, but for names of namespaces', async () => {
  for (const name of [...(await named('.js')), ...(await named('.css')), ...(await named('.html'))]) {
    const text = await readFile(join(dist, name), 'utf8');
    const addresses = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([address]) => address);
    expect(
      addresses.filter((address) => !KNOWN.has(address)),
      name,
    ).toEqual([]);
  }
});

/** Namespaces, and what zod writes into JSON schemas: nothing that is asked for. */
const KNOWN = new Set(['http://www.w3.org', 'https://www.w3.org', 'http://json-schema.org', 'https://json-schema.org']);
