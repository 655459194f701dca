import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** What every workspace's vitest.config.ts exports as its default. */
const conditions = ['source', ...defaultServerConditions];

export default defineConfig({
  // Both, since Vitest resolves a test's imports as a server's but a plugin may ask as a browser would.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.tmp/**'],
    pool: 'forks',
    // For what Node itself resolves in a worker; fork() and new Worker() in a test inherit it, spawn() must name it.
    execArgv: ['--conditions=source'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    passWithNoTests: true,
    reporters: ['default'],
  },
});
