/** Builds the page for a test, apart from `dist`, which may be in someone's use. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { dist } from './loop.ts';

export async function buildPage(): Promise<void> {
  await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    logLevel: 'warn',
    build: { outDir: dist, emptyOutDir: true },
  });
}
