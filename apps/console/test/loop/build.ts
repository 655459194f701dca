/** Builds the page once for all tests, apart from `dist`, which may be in someone's use. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const dist = fileURLToPath(new URL('../../.tmp/dist', import.meta.url));

export async function buildPage(): Promise<void> {
  await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    mode: 'production',
    logLevel: 'warn',
    build: { outDir: dist, emptyOutDir: true },
  });
}

/** Vitest's global set-up. */
export default buildPage;
