/** What a run of the fuzzers did: printed, and with FUZZ_RECORD=1 kept for docs/conformance.md. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface Figures {
  /** `steps` by kind of operation. */
  readonly model: { readonly sequences: number; readonly steps: Record<string, number>; readonly seed: number };
  /** `answers` by status. */
  readonly surface: { readonly conversations: number; readonly answers: Record<string, number>; readonly seed: number };
}

const FILE = new URL('./figures.json', import.meta.url);

/** The figures of the last recorded run. */
export const recorded = (): Figures => JSON.parse(readFileSync(FILE, 'utf8')) as Figures;

export function record<Name extends keyof Figures>(name: Name, figures: Figures[Name]): void {
  console.log(`${name}: ${JSON.stringify(figures)}`);
  if (process.env.FUZZ_RECORD !== '1') return;
  writeFileSync(FILE, `${JSON.stringify({ ...recorded(), [name]: figures }, undefined, 2)}\n`);
}
