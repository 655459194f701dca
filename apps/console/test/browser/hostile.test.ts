/** Whatever a runner sends is text: markup, scripts, control characters, lines of 5 MiB and broken pictures, through every field that is shown. */
import { EVENT_CAP_BYTES } from '@runnel/protocol';
import { createPublisher, readJsonl } from '@runnel/pubsub';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../loop/browse.ts';
import { type Loop, type SteeredSink, startLoop } from '../loop/loop.ts';

/** Each would set `hacked`, or leave an element behind, if anything took it for more than text. */
const PAYLOADS = [
  '<script>window.hacked=1</script>',
  '<img src=x onerror="window.hacked=1" data-evil>',
  '"><svg onload=window.hacked=1 data-evil>',
  '</textarea></script><iframe srcdoc="<script>parent.hacked=1</script>" data-evil>',
  'javascript:window.hacked=1',
  '{{constructor.constructor("window.hacked=1")()}}',
  '__proto__',
  'constructor',
  '\u0000\u0007\u001b[2J\u001b]0;title\u0007',
  '\u202egnp.exe\u2066 \u200b\u2028\u2029',
  `Z\u0335${'\u0341'.repeat(300)}`,
  '\ud800 half',
  'x'.repeat(5_000),
];

describeInBrowser('hostile content', ({ open }) => {
  let loop: Loop;
  let archive: SteeredSink;
  const stop = new AbortController();

  beforeAll(async () => {
    const reason = PAYLOADS.slice(0, 4).join(' ');
    loop = await startLoop({ sessions: ['evil'], sinks: ['archive', PAYLOADS[1] as string] });
    [archive] = loop.sinks as [SteeredSink];
    archive.refuses = ({ bytes }) => (Buffer.from(bytes).includes('onerror') ? reason : undefined);
    await sendEvents();
    void answerControl();
    void sendPictures();
  });
  afterAll(async () => {
    stop.abort();
    await loop.close();
  });

  const channel = (name: string) => `${loop.server.url}evil-${name}`;

  async function sendEvents(): Promise<void> {
    const publisher = createPublisher(channel('events'), {
      mime: 'application/jsonl',
      create: true,
      signal: stop.signal,
    });
    const segment = await publisher.open();
    for (const line of lines()) {
      if (!segment.write(Buffer.concat([line, Buffer.from('\n')]))) await segment.drained();
    }
    await segment.end();
    // Another segment stays open: the runner lives.
    events = await publisher.open();
  }
  let events: Awaited<ReturnType<ReturnType<typeof createPublisher>['open']>>;

  /** Answers whatever is asked with a refusal full of markup. */
  async function answerControl(): Promise<void> {
    const reader = readJsonl(channel('control'), { from: 'oldest', waitForChannel: true, signal: stop.signal });
    for await (const batch of reader) {
      for (const { value } of batch) {
        if (value.type !== 'control') continue;
        const effective = {
          enabled: true,
          sampling: { rate: 1, patterns: PAYLOADS.slice(0, 3).map((each) => each.slice(0, 100)) },
          filter: { allowed: [], blocked: [] },
          heartbeat_ms: 1,
          log_level: 'info',
        };
        const { client, version } = value;
        events.write(
          Buffer.from(
            `${JSON.stringify({ type: 'control_refused', client, version, reason: 'invalid', message: PAYLOADS[1], state: effective })}\n`,
          ),
        );
      }
    }
  }

  async function sendPictures(): Promise<void> {
    const publisher = createPublisher(channel('out'), { mime: 'text/html', create: true, signal: stop.signal });
    const good = await sharp({ create: { width: 48, height: 27, channels: 3, background: 'gold' } })
      .jpeg()
      .toBuffer();
    const huge = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    huge.writeUInt32BE(60_000, 16);
    huge.writeUInt32BE(60_000, 20);
    const broken = [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>window.hacked=1</script></svg>'),
      Buffer.from(`<!doctype html>${PAYLOADS[0]}`),
      Buffer.concat([good.subarray(0, 60), Buffer.alloc(500, 0x3c)]),
      huge,
      Buffer.concat([good.subarray(0, 4), Buffer.alloc(17 * 1024 * 1024)]),
      Buffer.from([0xff]),
    ];
    for (let n = 0; !stop.signal.aborted; n++) {
      const segment = await publisher.open();
      segment.write(n % 7 === 6 ? good : (broken[n % 7] as Buffer));
      await segment.end();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  const isClean = async (page: Page) => {
    expect(
      await page.evaluate(() => [
        (globalThis as { hacked?: unknown }).hacked,
        document.querySelectorAll('[data-evil], iframe, object, embed, script:not([src])').length,
        document.title,
        Object.keys(Object.prototype),
      ]),
    ).toEqual([undefined, 0, 'Runnel', []]);
  };

  it('the overview', async () => {
    const page = await open(loop);
    await page.locator('.sessions tr', { hasText: 'evil' }).waitFor();
    await page.locator('.sinks tr', { hasText: '<img src=x' }).waitFor();
    await page.locator('.channels tr', { hasText: 'evil-out' }).waitFor();
    await isClean(page);
  });

  it('the tail, event by event in full, filtered, and the logs', async () => {
    const page = await open(loop, '#/session/evil');
    const rows = page.locator('.rows .row');
    // The last that is sent: nothing comes in between from here on.
    await rows.first().getByText('large', { exact: true }).waitFor();
    await page.locator('.rows').focus();
    const types: string[] = [];
    for (let place = 1, of = 1; place <= of; place++) {
      await page.keyboard.press('ArrowDown');
      // The row and the event in full are drawn together, in some frame after the key.
      const drawn = await page
        .locator(`.row[aria-selected=true][aria-posinset="${place}"]`)
        .evaluate((row) => [row.ariaSetSize, document.querySelector('.detail h3')?.textContent] as const);
      of = Number(drawn[0]);
      types.push(String(drawn[1]));
    }
    expect(types.length).toBeGreaterThan(PAYLOADS.length * 6);
    for (const each of ['<script>window.hacked=1</script>', '␀␇␛[2J'])
      expect(types, each).toContainEqual(expect.stringContaining(each));
    for (const option of await page.getByLabel('Type of event').locator('option').all())
      expect(await option.innerText()).not.toBe('');
    await page.getByLabel('Text in the line').fill('<img src=x');
    await rows.first().waitFor();
    await page.getByLabel('Text in the line').fill('');
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.locator('.logs li', { hasText: '<script>window.hacked=1</script>' }).first().waitFor();
    await isClean(page);
  });

  it('a line of 5 MiB is shown by its beginning, and copied whole', async () => {
    const page = await open(loop, '#/session/evil?type=large', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('.rows .row').first().click();
    await page.getByText('Copy gives all of it').waitFor();
    expect((await page.locator('.detail .json').innerText()).length).toBeLessThan(70_000);
    // It says so for a moment only: waited for before it can come.
    await Promise.all([
      page.getByText('Copied').waitFor(),
      page.locator('.detail').getByRole('button', { name: 'Copy' }).click(),
    ]);
    expect(await page.evaluate(async () => (await navigator.clipboard.readText()).length)).toBe(EVENT_CAP_BYTES - 1);
    await isClean(page);
  });

  it('charts with figures and stages of any name, and a ledger with reasons of any', async () => {
    const page = await open(loop, '#/session/evil');
    await page.locator('.chart canvas').nth(1).waitFor();
    await page.locator('.legend', { hasText: '<img src=x' }).first().waitFor();
    await page.locator('.hops li').nth(3).waitFor();
    await isClean(page);
  });

  it('pictures that are none, are broken, too large, or claim to be huge are counted, and a good one is shown', async () => {
    const page = await open(loop, '#/session/evil');
    const image = page.locator('.picture img');
    await image.waitFor();
    await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(48);
    await expect
      .poll(async () => Number.parseInt(await page.locator('.picture .tag.bad').innerText(), 10), { timeout: 30_000 })
      .toBeGreaterThan(6);
    await isClean(page);
  });

  it('a refusal of a control state', async () => {
    const page = await open(loop, '#/session/evil');
    await page.locator('.control').getByRole('button', { name: 'Ask the runner' }).click();
    await page.locator('.control .refusal', { hasText: '<img src=x onerror' }).waitFor();
    await isClean(page);
  });

  it('dead letters with their reason, answer and event', async () => {
    const page = await open(loop, '#/sinks/archive');
    await page.locator('.letters li').first().waitFor();
    await page.locator('.letters .turn').first().click();
    await page.locator('.letter .json').first().waitFor();
    await page.locator('.letters', { hasText: '<script>window.hacked=1</script>' }).waitFor();
    await isClean(page);
  });

  it('an address that somebody else made up', async () => {
    const page = await open(loop);
    await page.locator('main .panel').first().waitFor();
    for (const payload of PAYLOADS.slice(0, 9).map(encodeURIComponent)) {
      for (const view of ['session', 'sinks']) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, `#/${view}/${payload}?q=${payload}&type=${payload}&w=1e999&to=NaN`);
        await page.locator('main .empty, main .panel').first().waitFor();
        await isClean(page);
      }
    }
  });
});

/** Every field of every message that the page shows, with every payload. */
function* lines(): Generator<Buffer> {
  const now = String(Date.now());
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const telemetry = (n: number, data: object) =>
    json({
      type: 'telemetry',
      epoch: 'e'.repeat(8),
      seq: n,
      event: { id: `id-${n}`, type: 'stream_trace', timestamp: now, data },
    });
  yield json({ type: 'runner_ready', startup_ms: 1, epoch: 'e'.repeat(8) });
  let n = 0;
  for (const payload of PAYLOADS) {
    yield json({ type: payload, [payload]: payload });
    yield json({ type: 'logs', lines: [payload, payload] });
    yield json({ type: 'notification', payload: { [payload]: payload } });
    yield json({ type: 'error', message: payload });
    yield telemetry(++n, {
      type: payload,
      timestamp: payload,
      client_source: payload,
      session_id: payload,
      [payload]: { [payload]: [payload] },
    });
    yield telemetry(++n, {
      type: 'frame_stats',
      timestamp: now,
      fps_in: 10,
      [`vram_${payload.slice(0, 40)}_mb`]: 5,
      stages: { [payload.slice(0, 60)]: { p50_ms: 4, p99_ms: 9 } },
    });
  }
  yield json({
    type: 'losses',
    epoch: 'e'.repeat(8),
    emitted: 90,
    written: 60,
    dropped: Object.fromEntries(PAYLOADS.slice(0, 6).map((each) => [each.slice(0, 64), 5])),
  });
  yield Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
  yield Buffer.from('{"type":');
  yield Buffer.from('[]');
  yield Buffer.from('{"type":"telemetry","event":{"id":7,"data":[]}}');
  const large = telemetry(++n, { type: 'large', text: '' });
  yield telemetry(n, { type: 'large', text: '<b>'.repeat(2_000_000).slice(0, EVENT_CAP_BYTES - 1 - large.length) });
}
