import { PassThrough } from 'node:stream';
import { systemClock } from '@runnel/protocol';
import { createRunner, every, type Runner } from '@runnel/runner';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followLoad } from '../load/page-load.ts';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, startLoop } from '../loop/loop.ts';

const SESSIONS = 2_000;
const AT_ONCE = 100;
/** Emits more than any other. */
const LOUD = 'room-777';

describeInBrowser(`${SESSIONS} sessions`, ({ open }) => {
  let loop: Loop;
  let stop: () => void;
  beforeAll(async () => {
    loop = await startLoop({ sessions: [] });
    const runners = Array.from({ length: SESSIONS }, (_, n) => runnerIn(loop, `room-${n}`));
    let beat = 0;
    stop = every(systemClock, 250, () => {
      beat++;
      for (const [n, runner] of runners.entries()) if ((n + beat) % 20 === 0) runner.emit('frame_done', { beat });
      for (let n = 0; n < 10; n++) runners[777]?.emit('latent_cached', { n });
    });
  });
  afterAll(async () => {
    stop();
    await loop.close();
  });

  it('all are counted, a hundred are drawn, and more when asked for', async () => {
    const page = await open(loop);
    const rows = page.locator('.sessions tbody tr');
    await page.getByTitle(`${SESSIONS} of ${SESSIONS} sessions are live`).waitFor();
    expect(await rows.count()).toBe(AT_ONCE);
    const load = await followLoad(await page.context().newCDPSession(page));
    const tick = page.locator(`.sessions tr:has-text("${LOUD}") [data-label="Events"]`);
    await page.goto(`${loop.url}#/?sessions-by=-rate`);
    await expect.poll(() => tick.innerText(), { timeout: 30_000 }).not.toBe(await tick.innerText());
    const { elements, mainThreadMs, heapMb } = await load.look();
    // What a machine takes for it is told, not judged.
    console.log(
      `${SESSIONS} sessions: ${elements} elements, ${mainThreadMs.toFixed(0)} ms of the main thread a second, heap ${heapMb.toFixed(1)} MB`,
    );
    expect(elements).toBeLessThan(40 * AT_ONCE);
    await page.getByRole('button', { name: `${SESSIONS - AT_ONCE} more` }).click();
    await expect.poll(() => rows.count()).toBe(2 * AT_ONCE);
  });

  it('sorting goes through all of them, not through those that are drawn', async () => {
    const page = await open(loop);
    const first = page.locator('.sessions tbody tr').first().locator('.id');
    const head = (name: string) => page.locator('.sessions th button', { hasText: name });
    await first.waitFor();
    await head('Events / s').click();
    await expect.poll(() => first.innerText(), { timeout: 20_000 }).toBe(LOUD);
    await head('Session').click();
    await expect.poll(() => first.innerText()).toBe('room-0');
    await head('Session').click();
    await expect.poll(() => first.innerText()).toBe(`room-${SESSIONS - 1}`);
  });

  it('a search finds those that are not drawn, as it is typed', async () => {
    const page = await open(loop);
    const rows = page.locator('.sessions tbody tr');
    await rows.first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('room-19');
    // 19, 190 to 199, 1900 to 1999.
    await page.getByRole('button', { name: '11 more' }).waitFor();
    expect(await rows.count()).toBe(AT_ONCE);
    await page.keyboard.type('99');
    await expect.poll(() => rows.count()).toBe(1);
    await rows.getByRole('link', { name: 'room-1999', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'room-1999', exact: true }).waitFor();
  });
});

/** A runner without a network, whose stderr the relay reads: two thousand of them are no load for the machine. */
function runnerIn({ relay }: Loop, session: string): Runner {
  const stderr = new PassThrough();
  relay.openStderr(session, stderr);
  return createRunner({ session, stderr: (text) => void stderr.write(text) });
}
