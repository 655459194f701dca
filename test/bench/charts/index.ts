/** Charts as SVG files that can be looked at in light and dark, for reports that are committed. */
export { type Bar, type BarsOptions, bars } from './bars.ts';
export { readable } from './frame.ts';
export { type GridOptions, type GridRow, grid } from './grid.ts';
export { type LinesOptions, lines, type Series } from './lines.ts';
