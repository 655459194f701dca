import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, startLoop } from '../loop/loop.ts';
import { startStudio } from '../loop/studio.ts';

describeInBrowser('the connection', ({ open }) => {
  let loop: Loop;
  let studio: ReturnType<typeof startStudio>;
  beforeEach(async () => {
    loop = await startLoop({ sessions: ['demo'] });
    studio = startStudio({ url: loop.server.url, session: 'demo', eventsPerSecond: 20 });
  });
  afterEach(async () => {
    await studio.close();
    await loop.close();
  });

  it('one that is lost is said to be, with what is known standing still, and a reconnect tells what was missed', async () => {
    const page = await open(loop, '#/', { mayFail: /ERR_|Failed to load/ });
    await page.getByText('connected').waitFor();
    await loop.stopEndpoint();
    const lost = page.locator('.banner.bad');
    await lost.getByText('Connection to the relay lost').waitFor();
    expect(await lost.innerText()).toMatch(/Figures are as of \d\d:\d\d:\d\d/);
    expect(await page.locator('main.stale .sessions tbody tr').count()).toBe(1);
    // Longer than what a page that was merely busy would not have seen.
    await lost.getByText(/[4-9] s ago/).waitFor();
    await loop.startEndpoint();
    const missed = page.locator('.banner.warn');
    await missed.waitFor();
    expect(await missed.innerText()).toMatch(/Back after \d+ s\. [1-9][\d,]* events came meanwhile/);
    await missed.getByRole('button', { name: 'Dismiss' }).click();
    await missed.waitFor({ state: 'detached' });
    expect(await page.locator('main.stale').count()).toBe(0);
  });

  it('a relay that is not there yet is waited for', async () => {
    const page = await open(loop, '#/', { mayFail: /ERR_|Failed to load/ });
    await page.getByText('connected').waitFor();
    await page.route('**/feed', (route) => route.abort());
    await page.route('**/status', (route) => route.abort());
    await page.reload();
    await page.getByText('The relay does not answer').first().waitFor();
    await page.unroute('**/feed');
    await page.locator('.sessions tbody tr').waitFor();
  });

  it('a relay on a host of others asks for its token, and again when it was started anew with another', async () => {
    const guarded = await startLoop({ sessions: ['demo'], host: '0.0.0.0' });
    try {
      const page = await open(guarded, '#/session/demo', { mayFail: /status of 401|ERR_|Failed to load/ });
      await page.getByLabel('Token').fill('not this one, surely');
      await page.getByRole('button', { name: 'Open' }).click();
      await page.getByText('That is not the token of this relay.').waitFor();
      await page.getByLabel('Token').fill(guarded.token);
      await page.getByRole('button', { name: 'Open' }).click();
      await page.locator('.sessions tbody tr').waitFor();
      await page.getByText('connected').waitFor();
      await page.goto(`${guarded.url}#/session/demo`);
      await page.locator('.control').getByRole('button', { name: 'Ask the runner' }).click();
      await page.locator('.control .chip', { hasText: /asked|unanswered/ }).waitFor();

      await guarded.stopEndpoint();
      await guarded.startEndpoint();
      await page.locator('.banner', { hasText: 'The relay asks for its token' }).waitFor();
      await page.locator('.bar').getByText('denied').waitFor();
      await page.getByRole('link', { name: 'Enter the token' }).click();
      await page.getByLabel('Token').fill(guarded.token);
      await page.getByRole('button', { name: 'Open' }).click();
      await page.locator('.sessions tbody tr').waitFor();
    } finally {
      await guarded.close();
    }
  });

  it('a trickle server that is away is told beside the tail, and read on when it is back', async () => {
    const page = await open(loop, '#/session/demo', { mayFail: /ERR_|Failed to load|50[23]/ });
    await page.locator('.rows .row').nth(3).waitFor();
    await loop.stopServer();
    await page.locator('.stream').getByText('lost, retrying').waitFor();
    await page.goto(`${loop.url}#/`);
    await page.locator('.channels').getByText('The channels cannot be listed').waitFor();
    await loop.startServer();
    await page.locator('.channels tbody tr').first().waitFor();
    await page.goto(`${loop.url}#/session/demo`);
    await page.locator('.stream').getByText('reading', { exact: true }).waitFor();
  });
});
