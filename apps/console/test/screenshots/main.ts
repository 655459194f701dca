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
const RECORDED = ['overview-dark-wide', 'session-dark-wide', 'session-light-wide', 'sinks-light-wide'];
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

const browser = await launchChromium();
const pages: { name: string; page: Page }[] = [];
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
    pages.push({ name: `${theme}-${size}`, page });
  }
}
// Six pages would read all the time: they look at a session only for as long as its picture is taken.
setTimeout(() => void ended.close(), WARM_UP_MS * 0.5);
setTimeout(() => {
  if (webhook) webhook.broken = new SinkError('unavailable', 'POST https://crm.example/hooks: 503 Service Unavailable');
}, WARM_UP_MS * 0.45);
const watching = await (await browser.newContext()).newPage();
await watching.goto(`${loop.url}#/session/atelier-live`);
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));

for (const { name, page } of pages) {
  await shoot(page, `overview-${name}`, '#/');
  await shoot(page, `session-${name}`, '#/session/atelier-live?w=60', 2_500);
  await shoot(page, `sinks-${name}`, '#/sinks/warehouse?w=60', 1_500, async () => {
    await page.locator('.letters .turn').first().click();
  });
}
await browser.close();
await Promise.all(studios.map((studio) => studio.close()));
await loop.close();
if (record) for (const name of RECORDED) await recordShot(name);
console.log(`pictures are in ${shots}`);

async function shoot(
  page: Page,
  name: string,
  hash: string,
  waitMs = 1_200,
  prepare?: () => Promise<void>,
): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.waitForTimeout(waitMs);
  await prepare?.().catch((error: Error) => console.error(`${name}: ${error.message}`));
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

/** As WebP, small enough for a README. */
async function recordShot(name: string): Promise<void> {
  await mkdir(docs, { recursive: true });
  for (const quality of [88, 80, 70, 60]) {
    const { size } = await sharp(`${shots}/${name}.png`)
      .webp({ quality })
      .toFile(`${docs}/${name.replace(/-wide$/, '')}.webp`);
    if (size < MOST_BYTES) return;
  }
  throw new Error(`${name} does not get below ${MOST_BYTES} bytes`);
}
