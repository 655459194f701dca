/** A relay's endpoint, served as an app serves it, for the tests that ask it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ServeRelayOptions, serveRelay } from '../../src/index.ts';
import { startLoop } from '../loop.ts';

export async function served(options: Parameters<typeof startLoop>[0] = {}, serving: ServeRelayOptions = {}) {
  const loop = startLoop(options);
  const endpoint = await serveRelay(loop.relay, { onWarning() {}, ...serving });
  onTestFinished(() => endpoint.close());
  // A host that means all addresses is reached by one of them.
  const url = endpoint.url.replace('0.0.0.0', '127.0.0.1');
  return { ...loop, endpoint, url, ask: (path: string, init?: RequestInit) => fetch(new URL(path, url), init) };
}

/** What a browser adds to a request that a page of `origin` makes. */
export const fromPage = (origin: string, more: Readonly<Record<string, string>> = {}) => ({
  Origin: new URL(origin).origin,
  'Sec-Fetch-Site': 'same-origin',
  ...more,
});

/** A folder with these files, for as long as the test takes. */
export function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'runnel-console-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}
