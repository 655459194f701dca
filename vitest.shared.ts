import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

const conditions = ['source', ...defaultServerConditions];
const inCi = Boolean(process.env.CI);

/** What every workspace's vitest.config.ts exports as its default. */
export default defineConfig({
  resolve: { conditions },
  // Vitest hands these on to its workers as --conditions. fork() and new Worker() in a test inherit them; spawn() must name them.
  ssr: { resolve: { conditions } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.tmp/**'],
    pool: 'forks',
    // Deadlines only tell late from never.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is polled for is an event, not a speed: one second is not enough on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    passWithNoTests: true,
    // .ci/tally.js adds the JSON reports up.
    reporters: inCi ? ['default', 'json'] : ['default'],
    outputFile: { json: '.tmp/vitest.json' },
  },
});
