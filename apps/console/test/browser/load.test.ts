import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, startLoop } from '../loop/loop.ts';

/** Events that are looked at once the rings are full; an hour of them by hand: RUNNEL_CONSOLE_EVENTS=3600000. */
const MORE_EVENTS = Number(process.env.RUNNEL_CONSOLE_EVENTS ?? 15_000);
const FULL = 8_000;

describeInBrowser('1,000 events a second', ({ open }) => {
  let loop: Loop;
  let runner: ReturnType<typeof spawn>;
  beforeAll(async () => {
    loop = await startLoop({ sessions: ['demo'] });
    const child = fileURLToPath(new URL('../loop/load-child.ts', import.meta.url));
    runner = spawn(process.execPath, ['--conditions=source', child, loop.server.url, 'demo'], { stdio: 'inherit' });
  });
  afterAll(async () => {
    runner.kill('SIGKILL');
    await loop.close();
  });

  it('frames keep coming, what is kept is bounded, and memory is flat', {
    timeout: 120_000 + MORE_EVENTS * 4,
  }, async () => {
    const page = await open(loop, '#/session/demo');
    await linesOver(page, FULL, MORE_EVENTS);
    const before = await measured(page);
    const frames = page.evaluate(countFrames);
    await linesOver(page, FULL + MORE_EVENTS, MORE_EVENTS);
    const after = await measured(page);
    await page.evaluate(() => dispatchEvent(new Event('enough')));
    const { count, ms } = await frames;

    console.log(
      `${((count * 1000) / ms).toFixed(0)} frames a second; heap ${before.heapMb.toFixed(1)} MB, then ${after.heapMb.toFixed(1)} MB; ${after.elements} elements`,
    );
    // One for each second at the very least: the page lives. How many a machine draws is told, not judged.
    expect(count).toBeGreaterThan(ms / 1000);
    expect(after.elements).toBeLessThan(2_000);
    expect(after.rows).toBeLessThan(80);
    expect(after.heapMb).toBeLessThan(before.heapMb * 1.25 + 6);
  });

  it('stands still where it is stopped, with all that is kept to scroll through and no more', async () => {
    const page = await open(loop, '#/session/demo');
    await linesOver(page, 5_500, 5_500);
    await page.locator('.tail .tools').getByRole('button', { name: 'Pause' }).click();
    const height = () => page.locator('.rows .all').evaluate((element) => element.clientHeight);
    expect(await height()).toBe(5_000 * 24);
    await page.locator('.rows').evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    await expect.poll(() => page.locator('.rows .row').count(), PATIENT).toBeLessThan(80);
    const last = await page.locator('.rows .row').last().innerText();
    await expect
      .poll(async () => Number.parseInt((await page.locator('.tools .tag').innerText()).replace(',', ''), 10), PATIENT)
      .toBeGreaterThan(1_000);
    expect(await page.locator('.rows .row').last().innerText()).toBe(last);
    expect(await height()).toBe(5_000 * 24);
  });
});

/** A busy machine takes its time to show them. */
const PATIENT = { timeout: 30_000 };

/** Waits until the page has read so many lines. */
async function linesOver(page: Page, lines: number, patience: number): Promise<void> {
  const read = async () => Number.parseInt((await page.locator('.stream .about').innerText()).replaceAll(',', ''), 10);
  await page.locator('.stream .about').waitFor();
  await expect.poll(read, { timeout: 60_000 + patience * 4, interval: 250 }).toBeGreaterThan(lines);
}

async function measured(page: Page): Promise<{ heapMb: number; elements: number; rows: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  const [elements = 0, rows = 0] = await page.evaluate(() => [
    document.querySelectorAll('*').length,
    document.querySelectorAll('.row').length,
  ]);
  return { heapMb: usedSize / 1e6, elements, rows };
}

/** Runs in the page: animation frames until it is told that it is enough. */
function countFrames(): Promise<{ count: number; ms: number }> {
  return new Promise((resolve) => {
    const began = performance.now();
    let count = 0;
    let counting = true;
    const tick = () => {
      count++;
      if (counting) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    addEventListener('enough', () => {
      counting = false;
      resolve({ count, ms: performance.now() - began });
    });
  });
}
