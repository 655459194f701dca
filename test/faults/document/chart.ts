/** docs/faults.svg: for each fault, how much of what could be delivered each client delivered. */
import { recordedBench } from './recorded.ts';

/** What is needed of what `npm run bench -- faults` records. */
export interface Comparison {
  readonly at: string;
  readonly machine: { readonly node: string; readonly cores: number };
  readonly peers: readonly { readonly name: string; readonly version: string; readonly settings: string }[];
  readonly rows: readonly {
    readonly fault: string;
    readonly peer: string;
    readonly deliverable: number;
    readonly delivered: number;
    readonly duplicates: number;
    readonly requests: number;
    readonly amplification: number;
    readonly shutdownMs: number;
    readonly shutdown: string;
    readonly errors: number;
  }[];
}

/** In docs/. */
export const CHART = 'faults.svg';

export const comparison = () => recordedBench<Comparison>('faults');

const BAR = 11;
const STEP = 14;
const GAP = 14;
const TOP = 44;
const LEFT = 218;
const WIDTH = 540;
/** Told apart by lightness as well as by hue, on white and on black. */
const COLOURS = ['#2f81f7', '#79b8ff', '#d29922', '#3fb950', '#bc8cff'];

/** The whole file; empty while nothing is recorded. */
export function chart(): string {
  const found = comparison();
  if (!found) return '';
  const { peers, rows } = found;
  const faults = [...new Set(rows.map(({ fault }) => fault))];
  const parts: string[] = [];
  let y = TOP;
  for (const fault of faults) {
    const bars = rows.filter((row) => row.fault === fault);
    parts.push(text(LEFT - 12, y + (bars.length * STEP) / 2 + 2, fault, 'end', 'fault'));
    for (const { peer, delivered, deliverable } of bars) {
      const share = delivered / deliverable;
      const colour = COLOURS[peers.findIndex(({ name }) => name === peer) % COLOURS.length];
      // A pixel where there is nothing, so that nothing is seen to be something measured.
      const width = Math.max(1, Math.round(share * WIDTH));
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${colour}"><title>${escaped(`${fault}, ${peer}: ${delivered} of ${deliverable}`)}</title></rect>`,
      );
      parts.push(text(LEFT + width + 6, y + BAR - 1.5, percent(share), 'start', 'value'));
      y += STEP;
    }
    y += GAP;
  }
  const total = LEFT + WIDTH + 70;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${y}" width="${total}" height="${y}" role="img" aria-label="Delivered events under faults, by client">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.value{font-size:10px;fill:#59636e}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.value{fill:#9198a1}}</style>',
    ...legend(peers.map(({ name }) => name)),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function legend(names: readonly string[]): string[] {
  let x = 12;
  return names.flatMap((name, at) => {
    const from = x;
    x += 34 + name.length * 6.6;
    const swatch = `<rect x="${from}" y="12" width="11" height="11" rx="2" fill="${COLOURS[at % COLOURS.length]}"/>`;
    return [swatch, text(from + 17, 22, name, 'start', 'name')];
  });
}

function text(x: number, y: number, content: string, anchor: 'start' | 'end', kind: string): string {
  return `<text x="${Math.round(x)}" y="${y}" text-anchor="${anchor}" class="${kind}">${escaped(content)}</text>`;
}

/** All is said only of all. */
function percent(share: number): string {
  return share === 1 ? '100 %' : `${Math.min(99.9, Math.round(share * 1000) / 10)} %`;
}

const escaped = (content: string) => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
