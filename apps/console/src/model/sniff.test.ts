import sharp from 'sharp';
import { expect, it } from 'vitest';
import { sniff } from './sniff.ts';

const picture = () => sharp({ create: { width: 37, height: 21, channels: 3, background: 'teal' } });

it.each(['jpeg', 'png', 'webp', 'gif'] as const)('knows %s by its bytes, and its size', async (format) => {
  const bytes = await picture().toFormat(format).toBuffer();
  expect(sniff(bytes)).toEqual({ type: `image/${format}`, size: { width: 37, height: 21 } });
});

it('knows the size of a lossless webp, which claims much with few bytes', async () => {
  const bytes = await picture().webp({ lossless: true }).toBuffer();
  expect(bytes.toString('latin1', 12, 16)).toBe('VP8L');
  expect(sniff(bytes)?.size).toEqual({ width: 37, height: 21 });
});

it('knows avif by its bytes', async () => {
  expect(sniff(await picture().avif().toBuffer())?.type).toBe('image/avif');
});

it.each([
  ['a document', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['a page', '<!doctype html><script>alert(1)</script>'],
  ['nothing', ''],
  ['too little', '\xff\xd8'],
])('takes %s for no picture', (_, text) => {
  expect(sniff(Buffer.from(text, 'latin1'))).toBeUndefined();
});

it('stands what is cut anywhere', async () => {
  for (const format of ['jpeg', 'png', 'webp', 'gif'] as const) {
    const bytes = await picture().toFormat(format).toBuffer();
    for (let length = 0; length < Math.min(bytes.length, 200); length++)
      expect(() => sniff(bytes.subarray(0, length))).not.toThrow();
  }
});
