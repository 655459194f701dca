/** Getting the event out of a telemetry line: as bytes, by the scanner, or by parsing it and writing it again. */
import { memberFinder } from '@runnel/protocol';
import type { Contender, Workload } from '../src/workload.ts';

const CUTS = 200_000;
const findEvent = memberFinder('event');
const line = Buffer.from(
  JSON.stringify({
    type: 'telemetry',
    epoch: '0badcafe',
    seq: 41,
    event: {
      id: 'e-41',
      type: 'stage_timing',
      timestamp: 1_700_000_000_000,
      data: { stage: 'resize', note: 'x'.repeat(150) },
    },
  }),
);

export default {
  name: 'members',
  about: `cutting the event out of a telemetry line of ${line.length} B, ${CUTS} times`,
  baseline: 'parse-stringify',
  figures: { rate: { unit: 'lines/s', better: 'higher' } },
  contenders: {
    'parse-stringify': () => contender(() => Buffer.from(JSON.stringify(JSON.parse(line.toString()).event))),
    'JSON.parse alone': () =>
      contender(() => {
        JSON.parse(line.toString());
        return line;
      }),
    memberFinder: () =>
      contender(() => {
        const event = findEvent(line)?.[0];
        return event && line.subarray(event.start, event.end);
      }),
  },
} satisfies Workload;

function contender(cut: () => Uint8Array | undefined): Contender {
  return {
    round() {
      let bytes = 0;
      const began = performance.now();
      for (let i = 0; i < CUTS; i++) bytes += cut()?.length ?? 0;
      const seconds = (performance.now() - began) / 1000;
      // Also keeps the engine from leaving out work whose result nobody reads.
      if (bytes === 0) throw new Error('nothing was cut out');
      return { rate: CUTS / seconds };
    },
  };
}
