import { SinkError } from '@runnel/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, type SteeredSink, startLoop } from '../loop/loop.ts';
import { startStudio } from '../loop/studio.ts';

describeInBrowser('sinks', ({ open }) => {
  let loop: Loop;
  let archive: SteeredSink;
  let studio: ReturnType<typeof startStudio>;
  beforeEach(async () => {
    loop = await startLoop({ sessions: ['demo'], sinks: ['archive', 'metrics'] });
    [archive] = loop.sinks as [SteeredSink];
    studio = startStudio({ url: loop.server.url, session: 'demo', eventsPerSecond: 40 });
  });
  afterEach(async () => {
    await studio.close();
    await loop.close();
  });

  it('a sink that fails falls behind, says why, and drains when it is well again', async () => {
    const page = await open(loop, '#/sinks/archive');
    const row = page.locator('.sinks tr', { hasText: 'archive' });
    const backlog = async () => Number((await row.locator('[data-label="Backlog"]').innerText()).replace(',', ''));
    await row.waitFor();
    archive.broken = new SinkError('unavailable', 'the archive is being moved');
    await row.getByText(/backing off|trying again/).waitFor();
    await row.getByText('the archive is being moved').waitFor();
    await expect.poll(backlog, { timeout: 30_000 }).toBeGreaterThan(60);
    const before = await backlog();
    await expect.poll(backlog, { timeout: 30_000 }).toBeGreaterThan(before);
    const other = page.locator('.sinks tr', { hasText: 'metrics' }).locator('[data-label="Backlog"]');
    await expect.poll(() => other.innerText()).toMatch(/^\d{1,2}$/);
    archive.broken = undefined;
    await expect.poll(backlog, { timeout: 60_000 }).toBeLessThan(30);
    await row.getByText(/idle|collecting|sending/).waitFor();
  });

  it('a sink whose credentials are refused is paused', async () => {
    const page = await open(loop, '#/sinks/archive');
    archive.broken = new SinkError('unauthorized', 'the key has expired');
    await page.locator('.sinks tr', { hasText: 'archive' }).getByText('paused').waitFor();
    await page.locator('.standing', { hasText: 'the key has expired' }).waitFor();
  });

  it('a dead letter is shown with its reason and in full, and sent again after a question', async () => {
    archive.refuses = ({ bytes }) => (Buffer.from(bytes).includes('poison') ? 'no such <column>' : undefined);
    studio.runner.emit('poison', { note: 'first' });
    studio.runner.emit('poison', { note: 'second' });
    const page = await open(loop, '#/sinks/archive');
    const letters = page.locator('.letters li');
    await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(2);
    await letters.first().locator('.turn').click();
    await letters.first().getByText('"unprocessable"').waitFor();
    expect(await letters.first().locator('.reason').innerText()).toContain('no such <column>');
    expect(JSON.parse(await letters.first().locator('.json').last().innerText())).toMatchObject({
      data: { type: 'poison', session_id: 'demo' },
    });

    archive.refuses = () => undefined;
    await letters.first().getByRole('button', { name: 'Send again' }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByText('offers dead letter').waitFor();
    await dialog.getByRole('button', { name: 'Leave it' }).click();
    expect(await letters.count()).toBe(2);
    await letters.first().getByRole('button', { name: 'Send again' }).click();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(1);
    await page.locator('.errands li', { hasText: 'done' }).waitFor();

    await page.getByRole('button', { name: 'Send all again' }).click();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('No dead letters').waitFor();
    await expect.poll(() => page.locator('.errands progress').count()).toBe(2);
  });
});
