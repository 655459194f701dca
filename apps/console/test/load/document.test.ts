import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { documentOf } from './document.ts';
import { framesPart } from './frames.ts';
import { memoryPart } from './memory.ts';
import type { Sample } from './page-load.ts';

it('docs/console.md and its charts say what was recorded', async () => {
  for (const [name, text] of Object.entries(await documentOf()))
    expect(await readFile(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8'), name).toBe(text);
});

it('memory that does not grow in the second half is called flat, whatever it did before', () => {
  const text = memoryPart(hourOf((hour) => ({ heapMb: 4 + Math.min(hour, 0.4), objectsMb: 3 + 0.9 * hour })));
  expect(text).toContain('All of it is flat.');
  expect(text).not.toContain('not flat');
  expect(text).toContain('1 MB an hour,\n0.3 bytes a line');
});

it('memory that grows is called by its name, with how much it grows', () => {
  const text = memoryPart(hourOf((hour) => ({ objectsMb: 3 + 2.3 * hour, buffersMb: 2 + 1.1 * hour })));
  expect(text).toContain('| script | 4.0 | 4.0 | 4.0 | 0.0 | flat |');
  expect(text).toContain('| objects | 3.3 | 5.0 | 5.3 | 2.3 | not flat |');
  expect(text).toContain('Not flat: objects, buffers.');
});

it('of frames it says what was seen, be it good or bad', () => {
  expect(framesPart(hourOf(() => ({ framesPerSecond: 59.94, longestFrameMs: 17 })))).toMatch(
    /59\.9 frames a second in the median,[\s\S]* 17 ms in the median of the looks, and 17 ms at worst/,
  );
  expect(framesPart(hourOf((hour) => ({ framesPerSecond: 11, longestFrameMs: 700 + 100 * hour })))).toMatch(
    /11\.0 frames a second in the median,[\s\S]* 751 ms in the median of the looks, and 800 ms at/,
  );
});

/** A look each minute. */
const hourOf = (figures: (hour: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 60 }, (_, n) => ({
    ...{ seconds: 60 * (n + 1), heapMb: 4, objectsMb: 3, buffersMb: 2, elements: 590, rows: 32, linesPerSecond: 1_000 },
    ...{ framesPerSecond: 60, longestFrameMs: 17, mainThreadMs: 150 },
    ...figures((n + 1) / 60),
  }));
