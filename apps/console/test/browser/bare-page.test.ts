import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { type Inspector, openBarePage } from '../load/bare-page.ts';
import { chromiumMissing, launchChromium } from '../loop/chromium.ts';

const REQUESTS = 400;
/** DevTools' `Network` domain keeps some 330 bytes of each. */
const LEAST_KEPT = 100 * REQUESTS;

it.skipIf(chromiumMissing() !== undefined)(
  'a bare page keeps nothing of its requests',
  { timeout: 90_000 },
  async () => {
    const server = createServer((_, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
    const browser = await launchChromium();
    try {
      const { port } = server.address() as { port: number };
      const page = await openBarePage(browser, `http://127.0.0.1:${port}/`, { width: 800, height: 600 });
      // The page's own list of them, `performance.getEntries()`, is full after 250.
      await ask(page);
      const before = await objectsOf(page);
      await ask(page);
      expect((await objectsOf(page)) - before).toBeLessThan(LEAST_KEPT);
    } finally {
      await browser.close();
      server.close();
    }
  },
);

async function ask(page: Inspector): Promise<void> {
  const expression = `(async () => { for (let n = 0; n < ${REQUESTS}; n++) await (await fetch('/' + n)).text(); })()`;
  await page.send('Runtime.evaluate', { expression, awaitPromise: true });
}

/** Bytes that the browser holds for the page's objects. */
async function objectsOf(page: Inspector): Promise<number> {
  await page.send('HeapProfiler.collectGarbage');
  return (await page.send('Runtime.getHeapUsage')).embedderHeapUsedSize;
}
