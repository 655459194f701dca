/** Numbers of looks, as docs/console.md tells them. */
import { median as medianOf } from '@runnel/bench/summary';
import type { Sample } from './page-load.ts';

type Samples = readonly Sample[];

export const firstQuarter = (samples: Samples) => samples.slice(0, Math.ceil(samples.length / 4));
export const lastQuarter = (samples: Samples) => samples.slice(-Math.ceil(samples.length / 4));
export const everySeconds = (samples: Samples) => (samples.at(-1)?.seconds ?? Number.NaN) / samples.length;
export const mean = (samples: Samples, figure: keyof Sample) =>
  samples.reduce((sum, sample) => sum + sample[figure], 0) / samples.length;
export const median = (samples: Samples, figure: keyof Sample) => medianOf(samples.map((sample) => sample[figure]));
export const most = (samples: Samples, figure: keyof Sample) => Math.max(...samples.map((sample) => sample[figure]));

export const whole = (n = Number.NaN) => Math.round(n).toLocaleString('en');
/** Never -0.0. */
export const oneDecimal = (n = Number.NaN): string => (Math.round(n * 10) / 10 + 0).toFixed(1);
