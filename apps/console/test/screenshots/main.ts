/**
 * Pictures of each view, light and dark, wide and narrow, of a real loop: `npm run screenshots -w apps/console`. They go to .tmp/screenshots; with
 * `--record` four of them go to docs/screenshots, too. Takes about two minutes, since the charts need time to have something to show.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SinkError } from '@runnel/protocol';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { buildPage } from '../loop/build.ts';
import { launchChromium } from '../loop/chromium.ts';
import { startLoop } from '../loop/loop.ts';
import { startStudio } from '../loop/studio.ts';
import { writeFrames } from './frames.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const shots = here('../../.tmp/screenshots');
const record = process.argv.includes('--record');
const docs = here('../../../../docs/screenshots');
const RECORDED = ['session-dark-wide', 'overview-light-wide', 'sinks-light-wide', 'phone-dark-narrow'];
const MOST_BYTES = 150_000;
const WARM_UP_MS = Number(process.env.RUNNEL_WARM_UP_MS ?? 75_000);

const SIZES = {
  wide: { width: 1600, height: 1000 },
  narrow: { width: 360, height: 780 },
  wall: { width: 2560, height: 1440 },
} as const;

await buildPage();
await rm(shots, { recursive: true, force: true });
await mkdir(shots, { recursive: true });
const framesFolder = here('../../.tmp/frames');
await writeFrames(framesFolder);
const frames = await Promise.all(
  (await readdir(framesFolder)).sort().map((name) => readFile(`${framesFolder}/${name}`)),
);

const loop = await startLoop({
  sessions: ['atelier-live', 'camera-07', 'render-night', 'preview-eu', 'studio-b'],
  sinks: ['archive', 'metrics', 'crm-webhook', 'warehouse'],
});
const { server, sinks } = loop;
const [, , webhook, warehouse] = sinks;
if (warehouse)
  warehouse.refuses = ({ bytes }) =>
    Buffer.from(bytes).includes('"width":1280') ? 'data.width: the schema knows no such column' : undefined;
const studios = [
  startStudio({ url: server.url, session: 'atelier-live', frames, fps: 24, eventsPerSecond: 60, hasGpu: true }),
  startStudio({ url: server.url, session: 'camera-07', eventsPerSecond: 140 }),
  startStudio({ url: server.url, session: 'render-night', eventsPerSecond: 25, buffer: 2 }),
];
const ended = startStudio({ url: server.url, session: 'preview-eu', eventsPerSecond: 12 });

await loop.relay.control('atelier-live', {
  sampling: { rate: 0.5, patterns: ['latent_*'] },
  heartbeat_ms: 2000,
  expires_ms: 1_800_000,
});

const browser = await launchChromium();
const pages: { name: string; size: string; page: Page }[] = [];
for (const theme of ['dark', 'light'] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const context = await browser.newContext({
      viewport,
      colorScheme: theme,
      ...(size === 'narrow' && { deviceScaleFactor: 2 }),
    });
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && console.error(`${theme} ${size}: ${message.text()}`));
    await page.goto(`${loop.url}#/`);
    // What has watched a session for a while has charts to show. All six would be too much for one machine.
    if (size === 'wide') await go(page, '#/session/atelier-live?w=60');
    pages.push({ name: `${theme}-${size}`, size, page });
  }
}
setTimeout(() => void ended.close(), WARM_UP_MS * 0.5);
setTimeout(() => {
  if (webhook) webhook.broken = new SinkError('unavailable', 'POST https://crm.example/hooks: 503 Service Unavailable');
}, WARM_UP_MS * 0.45);
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));

for (const { name, size, page } of pages) {
  await shoot(page, `session-${name}`, '#/session/atelier-live?w=60', 2_500);
  if (size === 'wide') await shootDetails(page, name);
  await shoot(page, `overview-${name}`, '#/');
  await shoot(page, `sinks-${name}`, '#/sinks/warehouse?w=60', 1_500, () =>
    page.locator('.letters .turn').first().click(),
  );
  if (size === 'narrow') await shootPhone(page, name);
  if (size !== 'wide') await page.goto('about:blank');
}
for (const { name, size, page } of pages) if (size === 'wide') await shootStates(page, name);
await browser.close();
await Promise.all(studios.map((studio) => studio.close()));
await loop.close();
if (record) for (const name of RECORDED) await recordShot(name);
console.log(`pictures are in ${shots}`);

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

async function shoot(
  page: Page,
  name: string,
  hash: string,
  waitMs = 1_200,
  prepare?: () => Promise<void>,
): Promise<void> {
  await go(page, hash);
  await page.waitForTimeout(waitMs);
  await prepare?.();
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

/** One event in full, and the logs. */
async function shootDetails(page: Page, name: string): Promise<void> {
  const session = '#/session/atelier-live?w=60';
  await shoot(page, `event-${name}`, `${session}&type=stream.stats`, 1_200, () => page.locator('.row').nth(2).click());
  await shoot(page, `logs-${name}`, `${session}&show=logs`);
}

/** As much as a phone shows at once. */
async function shootPhone(page: Page, name: string): Promise<void> {
  await go(page, '#/session/atelier-live?w=60');
  await page.waitForTimeout(12_000);
  await page.screenshot({ path: `${shots}/phone-${name}.png` });
}

/** What lies over a view: the keys, a question, a connection that is lost and one that came back. */
async function shootStates(page: Page, name: string): Promise<void> {
  await shoot(page, `confirm-${name}`, '#/sinks/warehouse', 800, () =>
    page.getByRole('button', { name: 'Send all again' }).click(),
  );
  await page.keyboard.press('Escape');
  await shoot(page, `keys-${name}`, '#/', 500, () => page.keyboard.press('?'));
  await page.keyboard.press('Escape');
  await loop.stopEndpoint();
  await shoot(page, `lost-${name}`, '#/', 4_500);
  await loop.startEndpoint();
  await shoot(page, `back-${name}`, '#/', 6_000);
  await shoot(page, `waiting-${name}`, '#/session/studio-b', 1_500);
}

/** The upper part as WebP, small enough for a README. */
async function recordShot(name: string): Promise<void> {
  await mkdir(docs, { recursive: true });
  const { width, height } = await sharp(`${shots}/${name}.png`).metadata();
  const upper = { left: 0, top: 0, width, height: Math.min(height, Math.round(width * (width < 1000 ? 2.2 : 0.8))) };
  for (const quality of [86, 78, 70, 60, 50]) {
    const picture = sharp(`${shots}/${name}.png`)
      .extract(upper)
      .resize({ width: Math.min(width, 1400) })
      .webp({ quality });
    const { size } = await picture.toFile(`${docs}/${name.replace(/-(wide|narrow)$/, '')}.webp`);
    if (size < MOST_BYTES) return;
  }
  throw new Error(`${name} does not get below ${MOST_BYTES} bytes`);
}
