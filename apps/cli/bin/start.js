// Runs the command: its source in a checkout, what was built from it in an installed package.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const source = new URL('../src/main.ts', import.meta.url);

if (existsSync(source)) {
  // As `node --conditions=source` would, which a command that was started by its name cannot ask for.
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: ['source', ...context.conditions] }),
  });
  await import(source.href);
} else {
  await import(new URL('../dist/main.js', import.meta.url).href);
}
