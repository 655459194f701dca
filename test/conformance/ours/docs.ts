/** `npm run docs`: writes docs/conformance.md and its chart. */
import { readFileSync, writeFileSync } from 'node:fs';
import { chart, document } from './document.ts';

export const DOCUMENT = new URL('../../../docs/conformance.md', import.meta.url);
export const CHART = new URL('../../../docs/conformance.svg', import.meta.url);
export const SPECIFICATION = new URL('../../../packages/protocol/PROTOCOL.md', import.meta.url);

if (import.meta.main) {
  writeFileSync(DOCUMENT, document(readFileSync(SPECIFICATION, 'utf8')));
  writeFileSync(CHART, chart());
}
