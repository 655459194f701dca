/** What is done to each frame: decode, resize, effect, encode, each stage timed. The work is libvips', through sharp. */
import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { digits } from './digits.ts';

export const STAGES = ['decode', 'resize', 'effect', 'encode'] as const;
export type Stage = (typeof STAGES)[number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface FinishedFrame {
  readonly jpeg: Buffer;
  /** Milliseconds each stage took. */
  readonly stageMs: Readonly<Record<Stage, number>>;
}

interface Pixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

// Frames are small and the process is not alone on its machine: one thread a picture.
sharp.concurrency(1);
sharp.cache(false);

/**
 * Takes one picture (any format that sharp reads) through all stages to a JPEG of `size`. The effect shifts the colours with time and
 * stamps the frame's number and the time of day onto it. Rejects with sharp's error if the picture cannot be read.
 */
export async function runPipeline(picture: Buffer, size: Size, number: number, wallMs: number): Promise<FinishedFrame> {
  const stageMs: Record<Stage, number> = { decode: 0, resize: 0, effect: 0, encode: 0 };
  const timed = async <T>(stage: Stage, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work();
    stageMs[stage] = performance.now() - began;
    return result;
  };
  const decoded = await timed('decode', () => pixels(sharp(picture).autoOrient().flatten().toColourspace('srgb')));
  const resized = await timed('resize', () => pixels(raw(decoded).resize({ ...size, fit: 'cover' })));
  const finished = await timed('effect', () => pixels(effect(resized, size, number, wallMs)));
  const jpeg = await timed('encode', () => raw(finished).jpeg({ quality: 80 }).toBuffer());
  return { jpeg, stageMs };
}

function effect(frame: Pixels, size: Size, number: number, wallMs: number): Sharp {
  const gain = [0, 1, 2].map((channel) => 0.75 + 0.25 * Math.cos(wallMs / 1000 + (channel * 2 * Math.PI) / 3));
  const clock = new Date(wallMs).toISOString().slice(11, 23);
  return raw(frame)
    .linear(gain, [0, 0, 0])
    .composite([{ input: stamp(`${number} ${clock}`, size), gravity: 'southwest' }])
    .removeAlpha();
}

/** The stamp as a picture that fits into the frame, however small that is. */
function stamp(text: string, { width, height }: Size): Buffer {
  const cell = Math.max(1, Math.min(height / 16, width / (text.length + 1)));
  const box = {
    width: Math.min(width, Math.ceil(cell * (text.length + 1))),
    height: Math.min(height, Math.ceil(cell * 2.4)),
  };
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${box.width}" height="${box.height}">
      <rect width="100%" height="100%" fill="#000" fill-opacity="0.6"/>
      <g transform="translate(${cell / 2} ${cell * 0.3}) scale(${cell})" fill="#fff">${digits(text)}</g>
    </svg>`,
  );
}

const raw = ({ data, info }: Pixels) =>
  sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });

const pixels = (image: Sharp): Promise<Pixels> => image.raw().toBuffer({ resolveWithObject: true });
