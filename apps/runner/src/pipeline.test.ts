import sharp from 'sharp';
import { expect, it } from 'vitest';
import { openFrames } from './frames.ts';
import { runPipeline, STAGES } from './pipeline.ts';

const size = { width: 160, height: 90 };
const NOON = Date.UTC(2026, 0, 1, 12);

const plain = (format: 'png' | 'webp' | 'tiff', width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: '#40a0c0' } })
    .toFormat(format)
    .toBuffer();

it.each(['png', 'webp', 'tiff'] as const)(
  'makes a JPEG of the asked size of a %s of any size, and times each stage',
  async (format) => {
    const { jpeg, stageMs } = await runPipeline(await plain(format, 333, 77), size, 1, NOON);
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', ...size, channels: 3 });
    expect(Object.keys(stageMs)).toStrictEqual([...STAGES]);
    for (const ms of Object.values(stageMs)) expect(ms).toBeGreaterThan(0);
  },
);

it('stamps number and time onto the frame: two frames of one picture differ', async () => {
  const picture = await plain('png', 160, 90);
  const [one, same, next, later] = await Promise.all([
    runPipeline(picture, size, 1, NOON),
    runPipeline(picture, size, 1, NOON),
    runPipeline(picture, size, 2, NOON),
    runPipeline(picture, size, 1, NOON + 1000),
  ]);
  expect(one.jpeg.equals(same.jpeg)).toBe(true);
  expect(one.jpeg.equals(next.jpeg)).toBe(false);
  expect(one.jpeg.equals(later.jpeg)).toBe(false);
});

it('shifts the colours with time', async () => {
  const picture = await plain('png', 160, 90);
  const top = async (wallMs: number) => {
    const { jpeg } = await runPipeline(picture, size, 1, wallMs);
    const { channels } = await sharp(
      await sharp(jpeg).extract({ left: 0, top: 0, width: 160, height: 40 }).toBuffer(),
    ).stats();
    return channels.map(({ mean }) => mean);
  };
  const [now, later] = await Promise.all([top(NOON), top(NOON + 3000)]);
  expect(Math.max(...now.map((mean, channel) => Math.abs(mean - (later[channel] ?? 0))))).toBeGreaterThan(5);
});

it('fits the smallest frame that can be asked for', async () => {
  const { jpeg } = await runPipeline(await plain('png', 100, 100), { width: 16, height: 16 }, 123_456, NOON);
  expect(await sharp(jpeg).metadata()).toMatchObject({ width: 16, height: 16 });
});

it.each([
  ['no picture at all', Buffer.from('not a picture')],
  ['nothing', Buffer.alloc(0)],
])('rejects %s', async (_what, picture) => {
  await expect(runPipeline(picture, size, 1, NOON)).rejects.toThrow();
});

it('draws a test pattern that moves', async () => {
  const source = await openFrames(undefined, size);
  const [one, other] = await Promise.all([source.frame(0).read(), source.frame(15).read()]);
  expect(await sharp(one).metadata()).toMatchObject({ format: 'svg', ...size });
  expect(one.equals(other)).toBe(false);
});
