/** What a page costs: memory after garbage collection, frames, and the main thread's time, from one look to the next. */
import { type Inspector, inside } from './bare-page.ts';

/** What is left after garbage collection. */
interface Memory {
  readonly heapMb: number;
  /** What the browser holds for the page's objects: elements, listeners, responses; and buffers of bytes. */
  readonly objectsMb: number;
  readonly buffersMb: number;
}

/** One look at the page, about the time since the look before. */
export interface Sample extends Memory {
  /** Since the first look. */
  readonly seconds: number;
  readonly elements: number;
  readonly rows: number;
  readonly linesPerSecond: number;
  readonly framesPerSecond: number;
  /** The longest time between two frames. */
  readonly longestFrameMs: number;
  /** Processor time of the page's main thread for one second. */
  readonly mainThreadMs: number;
}

export interface PageLoad {
  look(): Promise<Sample>;
}

/**
 * The page shows a session. It is followed until it is closed. `collections`: garbage is collected this often at each look and the least counts, since what is on its way through the
 * page is half a MB, now and then a whole one.
 */
export async function followLoad(page: Inspector, collections = 1): Promise<PageLoad> {
  await page.send('Performance.enable');
  await inside(page, countFrames);
  const began = await countsOf(page);
  let before = began;
  return {
    async look() {
      const memory = await leastOf(page, collections);
      const now = await countsOf(page);
      const perSecond = (count: (of: Counts) => number) => (count(now) - count(before)) / (now.at - before.at);
      const sample = {
        seconds: now.at - began.at,
        ...memory,
        elements: now.elements,
        rows: now.rows,
        linesPerSecond: perSecond(({ lines }) => lines),
        framesPerSecond: perSecond(({ frames }) => frames),
        longestFrameMs: now.longestFrameMs,
        mainThreadMs: perSecond(({ busy }) => busy * 1000),
      };
      before = now;
      return sample;
    },
  };
}

async function leastOf(page: Inspector, collections: number): Promise<Memory> {
  const seen: Memory[] = [];
  while (seen.length < collections) {
    await page.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await page.send('Runtime.getHeapUsage');
    seen.push({ heapMb: usedSize / 1e6, objectsMb: embedderHeapUsedSize / 1e6, buffersMb: backingStorageSize / 1e6 });
  }
  const least = (figure: keyof Memory) => Math.min(...seen.map((each) => each[figure]));
  return { heapMb: least('heapMb'), objectsMb: least('objectsMb'), buffersMb: least('buffersMb') };
}

/** Runs in the page: how many lines it has read; 0 before it shows a session. */
export function linesRead(): number {
  return Number.parseInt(document.querySelector('.stream .about')?.textContent?.replaceAll(',', '') ?? '0', 10);
}

interface Counts {
  readonly at: number;
  readonly busy: number;
  readonly lines: number;
  readonly frames: number;
  readonly longestFrameMs: number;
  readonly elements: number;
  readonly rows: number;
}

async function countsOf(page: Inspector): Promise<Counts> {
  const lines = await inside(page, linesRead);
  const seen = await inside(page, takeCounted);
  const { metrics } = await page.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((each) => each.name === name)?.value ?? Number.NaN;
  return { at: metric('Timestamp'), busy: metric('ThreadTime'), lines, ...seen };
}

/** Runs in the page: how it stands, and the frames since it was asked last. */
function takeCounted() {
  const { counted } = globalThis as unknown as { counted: { frames: number; longestFrameMs: number } };
  const copy = { ...counted };
  counted.longestFrameMs = 0;
  return {
    ...copy,
    elements: document.querySelectorAll('*').length,
    rows: document.querySelectorAll('.row').length,
  };
}

/** Runs in the page. */
function countFrames(): void {
  const counted = { frames: 0, longestFrameMs: 0 };
  Object.assign(globalThis, { counted });
  let last = performance.now();
  const tick = (at: number) => {
    counted.frames++;
    counted.longestFrameMs = Math.max(counted.longestFrameMs, at - last);
    last = at;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}
