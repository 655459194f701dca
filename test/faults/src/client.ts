/** The process that is killed: the relay with a journal on disk and the http sink. Loads everything, then waits to be told to open, so that a kill hits the client and not the loader. */
import { createRelay, openJournal, type Relay } from '@runnel/client';
import { httpSink } from '@runnel/egress/http';
import { type Clock, systemClock } from '@runnel/protocol';
import type { FromClient, Opening, ToClient } from './client-process.ts';

let relay: Relay | undefined;
/** What the system's clock is wrong by. */
let stepped = 0;
const truth = Date.now;
Date.now = () => truth() + stepped;

process.on('message', (message: ToClient) => {
  if (message.do === 'open') relay = open(message);
  else if (message.do === 'step') stepped += message.ms;
  else if (message.do === 'look') tell({ say: 'looked', status: (relay as Relay).status() });
  else void close(relay as Relay);
});
process.once('disconnect', () => process.exit());
tell({ say: 'ready' });

function open({ journal: path, server, sink: url, life, sessions, speed, maxBatch, bounds }: Opening): Relay {
  const onWarning = (sentence: string) => {
    // That sinks fail is the play; every other warning is a problem.
    if (!/^sink \S+ fails: /.test(sentence)) tell({ say: 'warning', sentence });
  };
  const journal = openJournal({ path, onWarning, keepMs: 60_000, ...bounds });
  const sink = httpSink({ url, maxBatch, headers: { 'x-life': String(life) } });
  const relay = createRelay({ url: server, sinks: [sink], journal, onWarning, clock: hastened(speed) });
  for (const session of sessions) relay.open(session);
  tell({ say: 'open' });
  return relay;
}

async function close(relay: Relay): Promise<void> {
  const report = await relay.close({ deadlineMs: 20_000 });
  process.send?.({ say: 'closed', report, sinks: relay.status().sinks } satisfies FromClient, () => process.exit());
}

/** The machine's clock, with timers that are so many times faster: back-off and time-outs that take minutes do not hold up a cycle. */
function hastened(speed: number): Clock {
  return {
    now: () => systemClock.now() * speed,
    wall: () => systemClock.wall(),
    after: (ms, fn, options) => systemClock.after(ms / speed, fn, options),
  };
}

function tell(message: FromClient): void {
  process.send?.(message);
}
