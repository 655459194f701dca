import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, startLoop } from '../loop/loop.ts';
import { startStudio } from '../loop/studio.ts';

describeInBrowser('the overview', ({ open }) => {
  let loop: Loop;
  let studio: ReturnType<typeof startStudio>;
  beforeAll(async () => {
    loop = await startLoop({ sessions: ['alpha', 'beta', 'gamma'], sinks: ['archive', 'metrics'] });
    studio = startStudio({ url: loop.server.url, session: 'alpha', eventsPerSecond: 50 });
  });
  afterAll(async () => {
    await studio.close();
    await loop.close();
  });

  it('shows sessions with their state and figures, sinks, and the channels of the server', async () => {
    const page = await open(loop);
    const alpha = page.locator('.sessions tr', { hasText: 'alpha' });
    await alpha.getByText('live', { exact: true }).waitFor();
    await expect
      .poll(async () => Number(await alpha.locator('[data-label="Events / s"]').innerText()), { timeout: 20_000 })
      .toBeGreaterThan(10);
    await expect.poll(() => alpha.locator('[data-label="p99"]').innerText()).toMatch(/ m?s$/);
    await page.locator('.sessions tr', { hasText: 'beta' }).getByText('waiting', { exact: true }).waitFor();
    expect(await page.locator('.sinks tbody tr').count()).toBe(2);
    const channel = page.locator('.channels tr', { hasText: 'alpha-events' });
    await channel.waitFor();
    await expect.poll(() => channel.locator('[data-label="Readers"]').innerText()).not.toBe('0');
  });

  it('searches with / and keeps the search and the sorting in the address', async () => {
    const page = await open(loop);
    const rows = page.locator('.sessions tbody tr');
    await rows.nth(2).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('bet');
    await expect.poll(() => rows.count()).toBe(1);
    await page.locator('.channels').getByRole('button', { name: 'Kept' }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe('#/?q=bet&channels-by=-bytes');
    const again = await open(loop, new URL(page.url()).hash);
    await again.locator('.sessions tbody tr').first().waitFor();
    expect(await again.locator('.sessions tbody tr').count()).toBe(1);
    expect(await again.locator('.channels th[aria-sort="descending"]').innerText()).toContain('Kept');
    await page.locator('input[type=search]').focus();
    await page.keyboard.press('Escape');
    await expect.poll(() => rows.count()).toBe(3);
  });

  it('a session of any id is opened by its row, its link and its control', async () => {
    const ids = ['a/b?c#d', '100% €', "it's <b>&amp;</b>"];
    for (const id of ids) loop.relay.open(id);
    for (const id of ids) {
      const page = await open(loop, `#/?q=${encodeURIComponent(id)}`);
      await page.locator('.sessions tbody tr').getByRole('link', { name: id, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: id, exact: true }).waitFor();
      await page.locator('.control form').waitFor();
      await page.reload();
      await page.getByRole('heading', { level: 1, name: id, exact: true }).waitFor();
      await page.context().close();
      await loop.relay.sessions.get(id)?.close();
    }
  });

  it('is walked by keys: rows by arrows, a session by Enter, views by chords, help by ?', async () => {
    const page = await open(loop);
    await page.locator('.sessions tbody tr').nth(2).waitFor();
    await page.locator('.sessions tbody tr').first().focus();
    await page.keyboard.press('ArrowDown');
    const id = await page.locator('tr:focus .id').innerText();
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).hash).toBe(`#/session/${id}`);
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    const keys = page.getByRole('button', { name: 'Keys' });
    await keys.press('Enter');
    await page.locator('dialog').getByRole('button', { name: 'Close' }).press('Enter');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => keys.evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await expect.poll(() => new URL(page.url()).hash).toBe('#/sinks');
    const dark = () => page.evaluate(() => document.documentElement.dataset.theme);
    const before = await dark();
    await page.keyboard.press('t');
    await page.keyboard.press('t');
    await expect.poll(dark).not.toBe(before);
  });

  it('a row keeps the focus when sorting moves it', async () => {
    const page = await open(loop);
    const rows = page.locator('.sessions tbody tr');
    await rows.nth(2).waitFor();
    await page.getByRole('button', { name: 'Session', exact: true }).click();
    await expect.poll(() => rows.first().locator('.id').innerText()).toBe('alpha');
    await rows.first().focus();
    await page.evaluate(() => document.querySelector<HTMLElement>('.sessions th[aria-sort] button')?.click());
    await expect.poll(() => rows.last().locator('.id').innerText()).toBe('alpha');
    expect(await page.locator('tr:focus .id').innerText()).toBe('alpha');
  });

  it.each([360, 768, 1400, 2560])('fits into %d pixels', async (width) => {
    for (const hash of ['#/', '#/session/alpha', '#/sinks']) {
      const page = await open(loop, hash, { viewport: { width, height: 800 } });
      await page.locator('.view .panel').first().waitFor();
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth), { message: hash })
        .toBeLessThanOrEqual(0);
      await page.context().close();
    }
  });

  it('follows the light of the system', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open(loop, '#/', { colorScheme });
      await page.locator('.panel').first().waitFor();
      const [red = 0] = await page.evaluate(() =>
        (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number),
      );
      expect(red > 128).toBe(colorScheme === 'light');
    }
  });
});
