/** What a page costs: memory after garbage collection, frames, and the main thread's time, from one look to the next. */
import type { CDPSession, Page } from 'playwright-core';

/** One look at the page, about the time since the look before. */
export interface Sample {
  /** Since the first look. */
  readonly seconds: number;
  /** After garbage collection. */
  readonly heapMb: number;
  /** What the browser holds for the page's objects: elements, listeners, responses; and buffers of bytes. */
  readonly objectsMb: number;
  readonly buffersMb: number;
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

/** The page shows a session. It is followed until it is closed. */
export async function followLoad(page: Page): Promise<PageLoad> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await page.evaluate(countFrames);
  const began = await countsOf(page, session);
  let before = began;
  return {
    async look() {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
      const now = await countsOf(page, session);
      const perSecond = (count: (of: Counts) => number) => (count(now) - count(before)) / (now.at - before.at);
      const sample = {
        seconds: now.at - began.at,
        heapMb: usedSize / 1e6,
        objectsMb: embedderHeapUsedSize / 1e6,
        buffersMb: backingStorageSize / 1e6,
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

/** How many lines the page has read. */
export async function linesRead(page: Page): Promise<number> {
  return Number.parseInt((await page.locator('.stream .about').innerText()).replaceAll(',', ''), 10);
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

async function countsOf(page: Page, session: CDPSession): Promise<Counts> {
  const lines = await linesRead(page);
  const seen = await page.evaluate(() => {
    const { counted } = globalThis as unknown as { counted: { frames: number; longestFrameMs: number } };
    const copy = { ...counted };
    counted.longestFrameMs = 0;
    return {
      ...copy,
      elements: document.querySelectorAll('*').length,
      rows: document.querySelectorAll('.row').length,
    };
  });
  const { metrics } = await session.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((each) => each.name === name)?.value ?? Number.NaN;
  return { at: metric('Timestamp'), busy: metric('ThreadTime'), lines, ...seen };
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
