/** `npm run docs`: writes docs/faults.svg. The section beside it goes into docs/egress.md, which test/e2e writes. */
import { writeFileSync } from 'node:fs';
import { CHART, chart } from './chart.ts';

export const FILE = new URL(`../../../docs/${CHART}`, import.meta.url);

if (import.meta.main) writeFileSync(FILE, chart());
