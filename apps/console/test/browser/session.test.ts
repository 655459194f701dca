import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, startLoop } from '../loop/loop.ts';
import { startStudio } from '../loop/studio.ts';

describeInBrowser('a session', ({ open }) => {
  let loop: Loop;
  let studio: ReturnType<typeof startStudio>;
  let frame: Buffer;
  beforeAll(async () => {
    loop = await startLoop({ sessions: ['demo', 'doomed', 'empty', 'late'] });
    const frames = await Promise.all(
      ['teal', 'plum'].map((background) =>
        sharp({ create: { width: 64, height: 36, channels: 3, background } })
          .jpeg()
          .toBuffer(),
      ),
    );
    [frame = Buffer.alloc(0)] = frames;
    studio = startStudio({ url: loop.server.url, session: 'demo', frames, fps: 10, eventsPerSecond: 40, hasGpu: true });
  });
  afterAll(async () => {
    await studio.close();
    await loop.close();
  });

  it('shows the newest frame as a picture from a blob, and another one after it', async () => {
    const page = await open(loop, '#/session/demo');
    const image = page.locator('.picture img');
    await image.waitFor();
    const first = await image.getAttribute('src');
    expect(first).toMatch(/^blob:/);
    await expect.poll(() => image.getAttribute('src')).not.toBe(first);
    await expect
      .poll(() => image.evaluate((element: HTMLImageElement) => [element.naturalWidth, element.naturalHeight]))
      .toEqual([64, 36]);
  });

  it('draws charts of what the runner measures, which can be stopped, zoomed and gone back in', async () => {
    const page = await open(loop, '#/session/demo');
    await page.locator('.chart canvas').nth(5).waitFor();
    const legend = (title: string) => page.locator('.chart', { hasText: title }).locator('.legend').innerText();
    await expect.poll(() => legend('Stage times')).toMatch(/decode\s+\d.* ms/);
    await expect.poll(() => legend('GPU memory')).toMatch(/allocated\s+\d/);
    await page.keyboard.press('c');
    await expect.poll(() => page.url()).toContain('to=');
    const box = await page.locator('.chart .u-over').first().boundingBox();
    if (!box) throw new Error('the chart has no place');
    await page.mouse.move(box.x + box.width * 0.4, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toMatch(/w=1\d\d/);
    await page.keyboard.press('b');
    await expect.poll(() => page.url()).not.toContain('w=');
    await page.keyboard.press('[');
    const to = () => Number(new URL(page.url().replace('#/', '')).searchParams.get('to'));
    await expect.poll(to).toBeLessThan(Date.now() - 100_000);
    await page.getByRole('button', { name: 'Live' }).click();
    await expect.poll(() => page.url()).not.toContain('to=');
  });

  it('shows events as they come, filtered by type and text, stopped, and one in full', async () => {
    const page = await open(loop, '#/session/demo');
    const rows = page.locator('.rows .row');
    await rows.nth(10).waitFor();
    await page.getByLabel('Type of event').selectOption('queue_depth');
    await expect
      .poll(async () => new Set(await rows.locator('.type').allInnerTexts()))
      .toEqual(new Set(['queue_depth']));
    await expect.poll(() => page.url()).toContain('type=queue_depth');
    await page.getByLabel('Text in the line').fill('"frame":');
    await page.getByLabel('Type of event').selectOption('');
    await page.getByLabel('Text in the line').fill('no such text');
    await page.getByText('No event matches').waitFor();
    await page.getByLabel('Text in the line').fill('');
    await rows.nth(10).waitFor();
    await page.locator('.tail .tools').getByRole('button', { name: 'Pause' }).click();
    const [before = ''] = await rows.allInnerTexts();
    await page.locator('.tools .tag', { hasText: 'new' }).waitFor();
    await expect
      .poll(async () => Number.parseInt((await page.locator('.tools .tag').innerText()).replace(',', ''), 10))
      .toBeGreaterThan(20);
    expect((await rows.allInnerTexts())[0]).toBe(before);
    await rows.nth(2).click();
    const detail = page.locator('.detail .json');
    expect(JSON.parse(await detail.innerText())).toMatchObject({
      type: 'telemetry',
      event: { data: { session_id: 'demo' } },
    });
    await page.locator('.rows').focus();
    const one = await detail.innerText();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => detail.innerText()).not.toBe(one);
    await page.keyboard.press('Escape');
    await detail.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.locator('.logs li', { hasText: 'pipeline ready' }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.locator('[role=tab][aria-selected=true]:focus', { hasText: 'Events' }).waitFor();
    await rows.first().waitFor();
  });

  it('counts what has come while it stood still by the filter, and names the row that the arrows are at', async () => {
    const page = await open(loop, '#/session/demo');
    const rows = page.locator('.rows .row');
    await rows.nth(10).waitFor();
    await page.locator('.rows').focus();
    await page.keyboard.press('ArrowDown');
    const chosen = page.locator('.row[aria-selected=true]');
    await expect
      .poll(async () => [await page.locator('.rows').getAttribute('aria-activedescendant'), await chosen.count()])
      .toEqual([await chosen.getAttribute('id'), 1]);
    const text = await chosen.innerText();
    const fresh = async () => Number.parseInt((await page.locator('.tools .tag').innerText()).replaceAll(',', ''), 10);
    await expect.poll(fresh).toBeGreaterThan(20);
    await page.getByLabel('Text in the line').fill('no such text');
    await expect.poll(fresh).toBe(0);
    await page.getByLabel('Text in the line').fill('');
    await expect.poll(fresh).toBeGreaterThan(20);
    await expect.poll(() => chosen.innerText()).toBe(text);
  });

  it('copies a line as it came', async () => {
    const page = await open(loop, '#/session/demo', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('.rows .row').nth(3).click();
    // It says so for a moment only: waited for before it can come.
    await Promise.all([
      page.getByText('Copied').waitFor(),
      page.locator('.detail').getByRole('button', { name: 'Copy' }).click(),
    ]);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(JSON.parse(copied)).toEqual(JSON.parse(await page.locator('.detail .json').innerText()));
    expect(copied).not.toContain('\n');
  });

  it('asks for another sampling, and shows that the runner applied it, and what it refused', async () => {
    const page = await open(loop, '#/session/demo');
    const panel = page.locator('.control');
    await panel.getByText('nothing asked').waitFor();
    await panel.getByLabel('Sampling, %').fill('25');
    await panel.getByLabel('of types').fill('queue_depth');
    await panel.getByLabel('Ends after').selectOption('600000');
    await panel.getByRole('button', { name: 'Ask the runner' }).click();
    await panel.locator('.chip', { hasText: 'applied' }).waitFor();
    await panel.getByText('25 % of queue_depth').nth(1).waitFor();
    await panel.getByText(/ends in \d/).waitFor();
    await expect.poll(() => panel.locator('.compare .differs').count()).toBe(0);
    await page.locator('.ledger .withheld', { hasText: /\d+ sampled/ }).waitFor();
    await panel.getByRole('button', { name: 'As configured' }).click();
    await panel.locator('.compare td', { hasText: '100 %' }).waitFor();
  });

  it('says why the relay does not take a state', async () => {
    const page = await open(loop, '#/session/demo', { mayFail: /status of 400/ });
    const panel = page.locator('.control');
    await panel.getByLabel('Block').fill('x'.repeat(200));
    await panel.getByRole('button', { name: 'Ask the runner' }).click();
    await panel.getByRole('alert').waitFor();
    expect(await panel.getByRole('alert').innerText()).toMatch(/filter|blocked|pattern/i);
  });

  it('shows a ledger that balances', async () => {
    const page = await open(loop, '#/session/demo');
    await page.locator('.ledger .tag', { hasText: '✓ balances' }).waitFor();
    await expect.poll(() => page.locator('.hops li').count()).toBe(5);
    expect(await page.locator('.hops li.bad').count()).toBe(0);
  });

  it('an out channel is asked for from when there is one, and its first picture is shown', async () => {
    const page = await open(loop, '#/session/late');
    await page.getByText('Waiting for a picture').waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const listed = () => asked.filter((url) => url.endsWith('/channels')).length;
    await expect.poll(listed).toBeGreaterThan(1);
    expect(asked.filter((url) => url.includes('late-out'))).toEqual([]);

    loop.server.trickle.create('late-out', 'image/jpeg');
    await fetch(`${loop.server.url}late-out/0`, { method: 'POST', body: new Uint8Array(frame) });
    const image = page.locator('.picture img');
    await image.waitFor();
    expect(await image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(64);
  });

  it('a control that nobody answers is unanswered, and what is missing is said', async () => {
    const page = await open(loop, '#/session/empty');
    await page.getByText('Waiting for a picture').waitFor();
    await page.getByText('No events yet').waitFor();
    await page.locator('.control').getByRole('button', { name: 'Ask the runner' }).click();
    await page.locator('.control .chip', { hasText: /asked|unanswered/ }).waitFor();
    await page.locator('.control .chip', { hasText: 'unanswered' }).waitFor();
  });

  it('a runner that is killed is seen to be gone', async () => {
    const child = fileURLToPath(new URL('../loop/runner-child.ts', import.meta.url));
    const runner = spawn(process.execPath, ['--conditions=source', child, loop.server.url, 'doomed'], {
      stdio: 'inherit',
    });
    const page = await open(loop, '#/session/doomed');
    await page.locator('.head').getByText('live', { exact: true }).waitFor();
    runner.kill('SIGKILL');
    await page.locator('.head').getByText('runner gone', { exact: true }).waitFor();
    await page.goto(`${loop.url}#/`);
    await page.locator('.sessions tr', { hasText: 'doomed' }).getByText('runner gone').waitFor();
  });

  it('a link to a session that is not open says so', async () => {
    const page = await open(loop, `#/session/${encodeURIComponent('<b>other</b>')}`);
    await page.getByText('The relay has no session “<b>other</b>”').waitFor();
  });
});
