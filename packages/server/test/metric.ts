import type { Trickle } from '@runnel/server';

/** The value of one line of the metrics, e.g. `refusals_total{reason="policy"}`; 0 if it is not there. */
export async function metric(trickle: Trickle, line: string): Promise<number> {
  const text = await trickle.metrics();
  const found = text.split('\n').find((each) => each.startsWith(`runnel_server_${line} `));
  return Number(found?.split(' ').at(-1) ?? 0);
}
