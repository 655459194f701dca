import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followLoad, linesRead } from '../load/page-load.ts';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, startLoop } from '../loop/loop.ts';
import { grownIn, keptIn } from './heap-counts.ts';

/** The tail, the logs and the types are as full as they get. */
const FULL = 8_000;
/** Looked at after that; test/load looks at an hour. */
const MORE = 15_000;
/** What is kept of every line, or of every third, is more than this. What is in hand at one moment comes to some hundreds. */
const LEAK = MORE / 3;

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

  it('what is kept is bounded, and memory is flat', { timeout: 300_000 }, async () => {
    const page = await open(loop, '#/session/demo');
    await linesOver(page, FULL);
    const inspector = await page.context().newCDPSession(page);
    const keptBefore = await keptIn(inspector);
    const load = await followLoad(inspector);
    const before = await load.look();
    await linesOver(page, (await page.evaluate(linesRead)) + MORE);
    const after = await load.look();
    const kept = await keptIn(inspector);

    // How many frames a machine draws is told, not judged.
    console.log(
      `${after.framesPerSecond.toFixed(0)} frames and ${after.mainThreadMs.toFixed(0)} ms of the main thread a second; heap ${before.heapMb.toFixed(1)} MB, then ${after.heapMb.toFixed(1)} MB; ${after.elements} elements`,
    );
    expect(after.elements).toBeLessThan(2_000);
    expect(after.rows).toBeLessThan(80);
    expect(grownIn(keptBefore, kept, LEAK)).toEqual([]);
    expect(after.heapMb).toBeLessThan(before.heapMb * 1.25 + 6);
  });

  it('stands still where it is stopped, with all that is kept to scroll through and no more', async () => {
    const page = await open(loop, '#/session/demo');
    await linesOver(page, 5_500);
    await page.locator('.tail .tools').getByRole('button', { name: 'Pause' }).click();
    await page.locator('.tools .tag', { hasText: 'new' }).waitFor();
    const height = () => page.locator('.rows .all').evaluate((element) => element.clientHeight);
    const kept = (await height()) / 24;
    // What came between the newest drawing and the click has pushed as many out.
    expect(kept).toBeGreaterThan(1_000);
    expect(kept).toBeLessThanOrEqual(5_000);
    await page.locator('.rows').evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    const oldest = page.locator(`.row[aria-posinset="${kept}"]`);
    const text = await oldest.innerText();
    expect(await page.locator('.rows .row').count()).toBeLessThan(80);
    await expect
      .poll(async () => Number.parseInt((await page.locator('.tools .tag').innerText()).replace(',', ''), 10), PATIENT)
      .toBeGreaterThan(1_000);
    expect(await oldest.innerText()).toBe(text);
    expect(await height()).toBe(kept * 24);
  });

  it('what passes a filter is not lost by stopping, however much else has come since', async () => {
    const page = await open(loop, '#/session/demo?type=stream.stats');
    await linesOver(page, 8_000);
    const rows = page.locator('.rows .row');
    const oldest = await rows.last().innerText();
    await page.locator('.tail .tools').getByRole('button', { name: 'Pause' }).click();
    const tag = page.locator('.tools .tag', { hasText: 'new' });
    await tag.waitFor();
    expect(await rows.last().innerText()).toBe(oldest);
    const shown = async () => Number(await rows.first().getAttribute('aria-setsize'));
    const stopped = await shown();
    await linesOver(page, (await page.evaluate(linesRead)) + 10_000);
    const fresh = Number.parseInt(await tag.innerText(), 10);
    await page.locator('.tail .tools').getByRole('button', { name: 'Go on' }).click();
    await tag.waitFor({ state: 'detached' });
    expect(await shown()).toBeGreaterThanOrEqual(stopped + fresh);
  });

  it('goes on from wherever it was scrolled to, though that closes the event in full', async () => {
    const page = await open(loop, '#/session/demo', { viewport: { width: 1600, height: 900 } });
    await linesOver(page, 2_000);
    await page.locator('.rows .row').nth(2).click();
    await page.locator('.rows').evaluate((element) => {
      element.scrollTop = 200 * 24;
    });
    await page.locator('.row[aria-posinset="201"]').waitFor();
    await page.locator('.tail .tools').getByRole('button', { name: 'Go on' }).click();
    const newest = page.locator('.row[aria-posinset="1"]');
    const text = await newest.innerText({ timeout: 10_000 });
    await expect.poll(() => newest.innerText(), { timeout: 10_000 }).not.toBe(text);
    await page.locator('.tail .tools').getByRole('button', { name: 'Pause' }).waitFor({ timeout: 10_000 });
  });
});

/** A busy machine takes its time to show them. */
const PATIENT = { timeout: 60_000 };

/** Waits until the page has read so many lines. */
async function linesOver(page: Page, lines: number): Promise<void> {
  await page.locator('.stream .about').waitFor();
  await expect.poll(() => page.evaluate(linesRead), { timeout: 120_000, interval: 250 }).toBeGreaterThan(lines);
}
