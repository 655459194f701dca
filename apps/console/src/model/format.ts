/** Figures for people, in widths that do not jump. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  // Without 24:00:00 at midnight, which `hour12: false` makes in some languages.
  hourCycle: 'h23',
});
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const stamp = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** Where there is no figure. */
export const NONE = '–';

export const count = (n: number | undefined) => (n === undefined || !Number.isFinite(n) ? NONE : whole.format(n));

/** Large counts in three or four characters: 987, 12.3k, 4.56M. */
export function short(n: number | undefined): string {
  if (n === undefined || !Number.isFinite(n)) return NONE;
  const size = Math.abs(n);
  if (size < 10_000) return whole.format(n);
  if (size < 1_000_000) return `${digits(n / 1000)}k`;
  return size < 1e9 ? `${digits(n / 1e6)}M` : `${digits(n / 1e9)}G`;
}

/** A rate: 0, 0.4, 12.0, 987, 12.3k. */
export function perSecond(n: number | undefined): string {
  if (n === undefined || !Number.isFinite(n)) return NONE;
  return n > 0 && n < 99.95 ? n.toFixed(1) : short(n);
}

/** Milliseconds: 0.4 ms, 12 ms, 1.24 s, 3 m 20 s. */
export function ms(n: number | undefined): string {
  if (n === undefined || !Number.isFinite(n)) return NONE;
  if (Math.abs(n) < 10 && !Number.isInteger(n)) return `${n.toFixed(1)} ms`;
  if (Math.abs(n) < 1000) return `${Math.round(n)} ms`;
  return Math.abs(n) < 60_000 ? `${(n / 1000).toFixed(2)} s` : span(n);
}

/** A length of time in its two largest units: 12 s, 3 m 20 s, 2 h 05 m, 4 d 03 h. */
export function span(lengthMs: number | undefined): string {
  if (lengthMs === undefined || !Number.isFinite(lengthMs)) return NONE;
  const seconds = Math.max(0, Math.floor(lengthMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} m ${two(seconds % 60)} s`;
  return hours < 24 ? `${hours} h ${two(minutes % 60)} m` : `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

export function bytes(n: number | undefined): string {
  if (n === undefined || !Number.isFinite(n)) return NONE;
  if (n < 1024) return `${n} B`;
  if (n < 1_048_576) return `${digits(n / 1024)} KiB`;
  return n < 1_073_741_824 ? `${digits(n / 1_048_576)} MiB` : `${digits(n / 1_073_741_824)} GiB`;
}

/** A moment, in milliseconds since 1970, in the viewer's zone, to the millisecond. */
export const timeOf = (at: number) =>
  isMoment(at) ? `${clock.format(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}` : NONE;
export const secondOf = (at: number) => (isMoment(at) ? clock.format(at) : NONE);
export const dateOf = (at: number) => (isMoment(at) ? `${date.format(at)} ${clock.format(at)}` : NONE);

/** For hovering: the exact stamp, in the viewer's zone and in UTC. */
export const exactly = (at: number) =>
  isMoment(at) ? `${stamp.format(at)}\n${new Date(at).toISOString()}` : String(at);

const isMoment = (at: number) => at >= 0 && at < 8.64e15;
const two = (n: number) => String(n).padStart(2, '0');
/** Three significant digits. */
const digits = (n: number) => (Math.abs(n) < 10 ? n.toFixed(2) : Math.abs(n) < 100 ? n.toFixed(1) : n.toFixed(0));
