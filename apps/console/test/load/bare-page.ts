/**
 * A page as a person has it, with no more of DevTools switched on in it than is asked for. Playwright has Chromium's `Network` domain on in its own pages, and that keeps some
 * 330 bytes of each request for as long as the page is open: 2,000 requests of a blank page cost 0.65 MB with it, and nothing without. One session cannot switch off what another has on.
 */
import type { Browser, CDPSession } from 'playwright-core';

/** Says commands of DevTools' protocol to one page. */
export type Inspector = Pick<CDPSession, 'send'>;

/** Opens an address on a screen of this size, in CSS pixels. The browser's end closes it. */
export async function openBarePage(
  browser: Browser,
  url: string,
  size: { readonly width: number; readonly height: number },
): Promise<Inspector> {
  const session = await browser.newBrowserCDPSession();
  const { targetId } = await session.send('Target.createTarget', { url: 'about:blank', newWindow: true });
  // Messages in messages: Playwright keeps sessions of the flat kind to itself.
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
  const asked = new Map<number, PromiseWithResolvers<unknown>>();
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    const answer = asked.get(id);
    asked.delete(id);
    if (error) answer?.reject(new Error(error.message));
    else answer?.resolve(result);
  });
  let n = 0;
  const send = async (method: string, params: object = {}): Promise<unknown> => {
    const id = ++n;
    const answer = Promise.withResolvers<unknown>();
    asked.set(id, answer);
    await session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) });
    return answer.promise;
  };
  const page = { send: send as Inspector['send'] };
  await page.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
  await page.send('Page.navigate', { url });
  return page;
}

/** What a function without a closure returns in the page. */
export async function inside<T>(page: Inspector, work: () => T): Promise<T> {
  const { result, exceptionDetails } = await page.send('Runtime.evaluate', {
    expression: `(${work})()`,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}
