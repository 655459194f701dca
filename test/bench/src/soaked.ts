/** What docs/performance.md says of a soak that was recorded. */
import { readable } from '../charts/frame.ts';
import { lines } from '../charts/index.ts';
import { FLAT, type Soak, trendByRole } from './soak.ts';

export const soakChartName = 'performance-soak.svg';

export function soakChart({ rate, events, samples }: Soak): string {
  const roles = Object.keys(samples[0]?.mib ?? {});
  return lines({
    title: 'soak',
    subtitle: `resident memory in MiB, flat is good; ${rate.toLocaleString('en')} events a second, ${events.toLocaleString('en')} in all`,
    x: 'minutes',
    series: roles.map((name) => ({
      name,
      points: samples.map(({ minute, mib }) => [minute, mib[name] ?? 0] as const),
    })),
  });
}

/** `why` is what a person adds to it. */
export function soakSection(soak: Soak, why: string | undefined): string {
  const { at, machine, minutes, rate, events, samples } = soak;
  const rows = Object.entries(trendByRole(soak)).map(([role, { slope, flat }]) => {
    const sizes = [samples[0], samples[Math.floor(samples.length / 2)], samples.at(-1)].map((each) =>
      readable(each?.mib[role] ?? Number.NaN),
    );
    return `| ${role} | ${sizes.join(' | ')} | ${readable(slope)} | ${flat ? 'flat' : 'not flat'} |`;
  });
  return [
    '## soak',
    `${rate.toLocaleString('en')} events of 300 B a second for ${readable(minutes)} minutes from emit through server, client and a journal on disk to an HTTP sink: ${events.toLocaleString('en')}, which all arrived. Taken on ${at.slice(0, 10)} with a load of ${machine.load} before. Growth is the median of the slopes between any two samples of the second half; up to ${FLAT.most} MiB or ${readable(100 * FLAT.share)} % of what is held an hour is flat.`,
    `![soak](${soakChartName})`,
    ['| | at first, MiB | in the middle | at the end | growth, MiB/h | |', '|---|---|---|---|---|---|', ...rows].join(
      '\n',
    ),
    ...(why ? [why] : []),
  ].join('\n\n');
}
