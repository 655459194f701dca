/** Where frames come from: a picture, a folder of pictures, or a test pattern. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Size } from './pipeline.ts';

export interface FrameSource {
  /** For people: what the frames are. */
  readonly description: string;
  /** The picture for frame `number`. Throws {@link InputError} if there is none left. */
  frame(number: number): Frame;
  /** Leaves a picture out from now on. */
  reject(name: string): void;
}

export interface Frame {
  readonly name: string;
  /** Its bytes, in a format that sharp reads. */
  read(): Promise<Buffer>;
}

/** The command line named an input that gives no frames. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff', '.svg']);

/** Opens `input`, a picture or a folder of them (shown in the order of their names, over and over), or the test pattern. Rejects with {@link InputError}. */
export async function openFrames(input: string | undefined, size: Size): Promise<FrameSource> {
  if (input === undefined) return testPattern(size);
  const found = await stat(input).catch(() => undefined);
  if (found === undefined) throw new InputError(`no such file or folder: ${input}`);
  if (!found.isDirectory()) return pictures([input], `the picture ${input}`);
  const names = (await readdir(input)).filter((name) => PICTURES.has(extname(name).toLowerCase())).sort();
  if (names.length === 0) throw new InputError(`no pictures in ${input} (looked for ${[...PICTURES].join(' ')})`);
  return pictures(
    names.map((name) => join(input, name)),
    `${names.length} pictures of ${input}`,
  );
}

function pictures(paths: readonly string[], description: string): FrameSource {
  let left = paths;
  return {
    description,
    frame(number) {
      const path = left[number % left.length];
      if (path === undefined) throw new InputError('none of the pictures can be read');
      return { name: basename(path), read: () => readFile(path) };
    },
    reject(name) {
      left = left.filter((path) => basename(path) !== name);
    },
  };
}

/** Colour bars with a disc that goes round once in 60 frames: whoever looks sees at once that frames move, and in which order. */
function testPattern({ width, height }: Size): FrameSource {
  const colours = ['#fff', '#ff0', '#0ff', '#0f0', '#f0f', '#f00', '#00f'];
  const bars = colours.map((colour, at) => `<rect x="${at}" width="1.01" height="1" fill="${colour}"/>`).join('');
  const centre = { x: width / 2, y: height / 2 };
  const radius = Math.min(width, height) / 3;
  return {
    description: 'a test pattern',
    frame(number) {
      const turn = (number / 60) * 2 * Math.PI;
      const at = { x: centre.x + radius * Math.cos(turn), y: centre.y + radius * Math.sin(turn) };
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
        <g transform="scale(${width / colours.length} ${height})">${bars}</g>
        <circle cx="${at.x.toFixed(1)}" cy="${at.y.toFixed(1)}" r="${(radius / 3).toFixed(1)}" fill="#222" stroke="#fff"/>
      </svg>`;
      return { name: `pattern ${number}`, read: async () => Buffer.from(svg) };
    },
    reject() {},
  };
}
