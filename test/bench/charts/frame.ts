/** What every chart has: a size, a title, and colours that follow the reader's light or dark. An SVG in an <img> sees the reader's scheme, but no style of the page. */

export interface Frame {
  readonly title: string;
  /** A line, or several. */
  readonly subtitle?: string;
  readonly width: number;
  readonly height: number;
}

/** Distinguishable in both schemes and by those who see few colours (Okabe and Ito). */
export const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

const STYLE = `
    text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2328; }
    .title { font-size: 14px; font-weight: 600; }
    .soft, .tick { fill: #59636e; }
    .tick { font-size: 11px; }
    .ground { fill: #ffffff; }
    .rule { stroke: #d1d9e0; stroke-width: 1; }
    .bar { fill: #8c959f; }
    .ours { fill: #0072b2; }
    .whisker { stroke: #1f2328; stroke-width: 1; opacity: 0.6; }
    .goal { stroke: #d55e00; stroke-width: 1.5; stroke-dasharray: 4 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .soft, .tick { fill: #9198a1; }
      .ground { fill: #0d1117; }
      .rule { stroke: #3d444d; }
      .bar { fill: #656c76; }
      .ours { fill: #4c9fe0; }
      .whisker { stroke: #f0f6fc; }
    }`;

/** From one line of a subtitle to the next. */
export const SUBTITLE_LINE = 16;

/** A whole SVG file around the marks of a chart. */
export function framed({ title, subtitle = '', width, height }: Frame, marks: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `  <style>${STYLE}\n  </style>`,
    `  <rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    `  ${text(16, 24, title, 'title')}`,
    ...subtitle.split('\n').map((each, n) => `  ${text(16, 42 + n * SUBTITLE_LINE, each, 'soft')}`),
    ...marks.map((mark) => `  ${mark}`),
    '</svg>',
    '',
  ].join('\n');
}

export function text(x: number, y: number, content: string, style = '', anchor = 'start'): string {
  return `<text x="${round(x)}" y="${round(y)}" class="${style}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line class="${style}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

/** As people read it: three digits that count, thousands apart. */
export function readable(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

export const round = (value: number): number => Math.round(value * 10) / 10;

export const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
