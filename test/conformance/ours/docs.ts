/** `npm run docs`: writes docs/conformance.md and its charts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { charts, document } from './document.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const SPECIFICATION = new URL('../../../packages/protocol/PROTOCOL.md', import.meta.url);

/** The text of each file in docs/, by its name. */
export const files = (): Record<string, string> => ({
  'conformance.md': document(readFileSync(SPECIFICATION, 'utf8')),
  ...charts(),
});

/** What stands there. Throws if there is no such file. */
export const written = (name: string): string => readFileSync(new URL(name, DOCS), 'utf8');

if (import.meta.main) for (const [name, text] of Object.entries(files())) writeFileSync(new URL(name, DOCS), text);
