/** Pictures for the runner to work on: a landscape at dusk, one frame after the other. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const COUNT = 48;

/** Writes them to `folder`. */
export async function writeFrames(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let n = 0; n < COUNT; n++) {
    const jpeg = await sharp(Buffer.from(scene(n / COUNT)))
      .jpeg({ quality: 88 })
      .toBuffer();
    await writeFile(join(folder, `${String(n).padStart(3, '0')}.jpg`), jpeg);
  }
}

/** `turn` from 0 to 1: the sun's way, and that of the ridges, which come round where they began. */
function scene(turn: number): string {
  const angle = turn * 2 * Math.PI;
  const sun = { x: 640 + 90 * Math.sin(angle), y: 300 + 24 * Math.cos(angle) };
  const ridges = [
    { y: 400, height: 90, colour: '#7d5a86', waves: 3, shift: angle },
    { y: 470, height: 80, colour: '#533e70', waves: 4, shift: angle * 2 },
    { y: 550, height: 60, colour: '#2f2950', waves: 5, shift: angle * 3 },
    { y: 640, height: 36, colour: '#161a33', waves: 6, shift: angle * 4 },
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720">
    <defs>
      <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#1d2b57"/><stop offset=".45" stop-color="#8a5a8f"/><stop offset=".68" stop-color="#f0936b"/><stop offset=".8" stop-color="#f9cf8f"/></linearGradient>
      <radialGradient id="glow"><stop stop-color="#fff3cf"/><stop offset=".22" stop-color="#ffdf9e"/><stop offset=".26" stop-color="#ffcf86" stop-opacity=".5"/><stop offset="1" stop-color="#ffb36b" stop-opacity="0"/></radialGradient>
    </defs>
    <rect width="1280" height="720" fill="url(#sky)"/>
    <circle cx="${sun.x}" cy="${sun.y}" r="230" fill="url(#glow)"/>
    ${ridges.map(ridge).join('')}
  </svg>`;
}

function ridge({
  y,
  height,
  colour,
  waves,
  shift,
}: {
  y: number;
  height: number;
  colour: string;
  waves: number;
  shift: number;
}): string {
  const points = Array.from({ length: 129 }, (_, n) => {
    const at = (n / 128) * 2 * Math.PI;
    const rise =
      Math.sin(at * waves + shift) * 0.5 +
      Math.sin(at * (waves * 2 + 1) - shift) * 0.25 +
      Math.sin(at * (waves * 3 + 2) + shift) * 0.12;
    return `${n * 10},${(y - rise * height).toFixed(1)}`;
  });
  return `<polygon points="0,720 ${points.join(' ')} 1280,720" fill="${colour}"/>`;
}
