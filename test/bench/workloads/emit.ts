/** F: what a call of emit costs whoever makes it, and what the event costs the process until its bytes are handed to a transport. */
import { fileURLToPath } from 'node:url';
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import type { Contender, Workload } from '../src/workload.ts';

const program = fileURLToPath(new URL('../servers/emit.ts', import.meta.url));
/** A full round, in batches of 256 calls; a shorter one where rounds are shorter. */
const BATCHES = 1_500;

export default {
  name: 'emit',
  about:
    'an event of ten fields, batches of 256 with the drain between them; CPU includes the drain; a span is two events',
  baseline: 'JSON.stringify',
  figures: {
    p50: { unit: 'ns/call', better: 'lower' },
    p99: { unit: 'ns/call', better: 'lower' },
    cpu: { unit: 'us/event', better: 'lower' },
    allocated: { unit: 'B/call', better: 'lower' },
  },
  contenders: {
    'JSON.stringify': () => emitter('json#stringify'),
    emit: () => emitter('runnel#emit'),
    'emit with context': () => emitter('runnel#emitWithContext'),
    'handle, off': () => emitter('runnel#off'),
    'handle, filtered': () => emitter('runnel#filtered'),
    'handle, sampled 0.001': () => emitter('runnel#sampledOut'),
    span: () => emitter('runnel#span'),
    'pino to /dev/null': () => emitter('pino#sync'),
    'pino, gathered': () => emitter('pino#gathered'),
    'pino, silent': () => emitter('pino#silent'),
    'OpenTelemetry JS logs': () => emitter('opentelemetry#logs'),
    'Sentry logger': () => emitter('sentry#logger'),
  },
} satisfies Workload;

async function emitter(which: string): Promise<Contender> {
  const running = await start(process.execPath, ['--conditions=source', '--expose-gc', program, which], {
    core: Core.server,
  });
  return {
    async round({ seconds }) {
      running.tell(String(Math.ceil(BATCHES * Math.min(1, seconds / 2))));
      return JSON.parse(await running.heard());
    },
    close: () => running.stop(),
  };
}
