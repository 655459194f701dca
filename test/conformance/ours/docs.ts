/** `npm run docs`: writes docs/conformance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { document } from './document.ts';

export const DOCUMENT = new URL('../../../docs/conformance.md', import.meta.url);
export const SPECIFICATION = new URL('../../../packages/protocol/PROTOCOL.md', import.meta.url);

if (import.meta.main) writeFileSync(DOCUMENT, document(readFileSync(SPECIFICATION, 'utf8')));
