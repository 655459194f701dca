/** A page in a real browser, in front of a loop, that notes everything a page must not do. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { chromiumMissing, launchChromium } from './chromium.ts';
import type { Loop } from './loop.ts';

export interface Browsing {
  /** Opens the loop's page at a hash. The test's end closes it, and fails if it complained, or asked anybody but the relay and its server. */
  open(loop: Loop, hash?: string, options?: BrowserContextOptions & { readonly mayFail?: RegExp }): Promise<Page>;
}

/** Tests in a browser; where there is none they are skipped, and the reason is in the title. */
export function describeInBrowser(title: string, tests: (browsing: Browsing) => void): void {
  const missing = chromiumMissing();
  describe.skipIf(missing !== undefined)(
    missing === undefined ? title : `${title} (skipped: ${missing})`,
    { timeout: 90_000 },
    () => {
      let browser: Browser;
      let opened: { page: Page; complaints: string[] }[] = [];
      beforeAll(async () => {
        browser = await launchChromium();
      }, 60_000);
      afterAll(() => browser?.close());
      afterEach(async () => {
        const complaints = opened.flatMap((each) => each.complaints);
        await Promise.all(opened.map(({ page }) => page.context().close()));
        opened = [];
        expect(complaints).toEqual([]);
      });
      tests({
        async open(loop, hash = '#/', { mayFail, ...options } = {}) {
          const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
          const page = await context.newPage();
          page.setDefaultTimeout(30_000);
          opened.push({ page, complaints: complaintsOf(page, loop, mayFail) });
          await page.goto(loop.url + hash);
          return page;
        },
      });
    },
  );
}

function complaintsOf(page: Page, { url, server }: Loop, mayFail = /^$/): string[] {
  const complaints: string[] = [];
  const complain = (text: string) => !mayFail.test(text) && complaints.push(text);
  const ours = [new URL(url).host, new URL(server.url).host];
  // A channel that is not there yet, or a segment that has left the window, is asked for, and the browser says so; that is no fault of the page.
  page.on(
    'console',
    (message) =>
      message.type() === 'error' &&
      !/the server responded with a status of (404|470)/.test(message.text()) &&
      complain(message.text()),
  );
  page.on('pageerror', (error) => complain(`threw ${error.message}`));
  page.on('dialog', (dialog) => complain(`a dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && !ours.includes(host)) complain(`asked ${request.url()}`);
  });
  return complaints;
}
