/** What a call of emit costs whoever makes it, and what the event costs the process until its bytes are handed to a transport. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answer, Transport, Upload } from '@runnel/pubsub';
import { type ConfiguredState, createRunner } from '@runnel/runner';
import type { Contender, Workload } from '../src/workload.ts';

const BATCHES = 1_500;
const BATCH = 256;

/** A heartbeat of ten fields; `n` keeps two events from being equal. */
const heartbeat = (n: number) => ({
  frames_in: n,
  frames_out: n - 1,
  fps_in: 29.97,
  fps_out: 29.94,
  elapsed_ms: 10_000 + n,
  since_last_heartbeat_ms: 10_000,
  pipeline_fps: 41.5,
  vram_allocated_mb: 8_123.5,
  vram_reserved_mb: 9_216,
  stage: 'denoise',
});

export default {
  name: 'emit',
  about: `emit of a ten-field heartbeat, ${BATCHES} batches of ${BATCH}, the drain between them; CPU includes the drain; a span is two events`,
  baseline: 'JSON.stringify',
  figures: {
    p50: { unit: 'ns/call', better: 'lower' },
    p99: { unit: 'ns/call', better: 'lower' },
    cpu: { unit: 'us/event', better: 'lower' },
  },
  contenders: {
    'JSON.stringify': () => stringify(),
    emit: () => emit({}),
    'emit with context': () =>
      emit({ connection_id: 'c-1', pipeline_ids: ['p-1'], user_id: 'u-1', connection_info: { gpu_type: 'H100' } }),
    'handle, off': () => withheld({ enabled: false }),
    'handle, filtered': () => withheld({ filter: { blocked: ['stream_*'] } }),
    'handle, sampled 0.001': () => withheld({ sampling: { rate: 0.001 } }),
    span: () => span(),
  },
} satisfies Workload;

function stringify(): Contender {
  let chars = 0;
  return {
    round: () =>
      measure((n) => {
        const timestamp = String(Date.now());
        const data = { type: 'stream_heartbeat', client_source: 'runnel', timestamp, ...heartbeat(n) };
        chars += JSON.stringify({ id: 'e-1', type: 'stream_trace', timestamp, data }).length;
      }, nextTurn),
    close() {
      // Keeps the engine from leaving out work whose result nobody reads.
      if (chars === 0) throw new Error('nothing was serialised');
    },
  };
}

function emit(context: object): Contender {
  const runner = createRunner({
    session: 'bench',
    url: 'http://nowhere/',
    transport: discarding(),
    buffer: BATCH,
    context,
  });
  const drained = async () => {
    do await nextTurn();
    while (runner.books.pending > 0);
  };
  return {
    async round() {
      const values = await measure((n) => runner.emit('stream_heartbeat', heartbeat(n)), drained);
      const { emitted, written } = runner.books;
      if (written !== emitted) throw new Error(`${written} of ${emitted} events were written`);
      return values;
    },
    async close() {
      await runner.close();
    },
  };
}

/** A handle whose events the control state withholds. The data is made once: what making it costs is the caller's, who may ask `enabled` first. */
function withheld(control: ConfiguredState): Contender {
  const runner = createRunner({
    session: 'bench',
    url: 'http://nowhere/',
    transport: discarding(),
    buffer: BATCH,
    control,
  });
  const handle = runner.event('stream_heartbeat');
  const data = heartbeat(1);
  return {
    async round() {
      const values = await measure(() => handle.emit(data), nextTurn);
      const { emitted, withheld } = runner.books;
      const share = emitted / (emitted + withheld.disabled + withheld.filtered + withheld.sampled);
      if (share > 0.01) throw new Error(`${emitted} events were not withheld`);
      return values;
    },
    async close() {
      await runner.close();
    },
  };
}

/** Start and stop of a span around nothing: two events a call. */
function span(): Contender {
  const runner = createRunner({ session: 'bench', url: 'http://nowhere/', transport: discarding(), buffer: 2 * BATCH });
  const metadata = { model: 'm' };
  const drained = async () => {
    do await nextTurn();
    while (runner.books.pending > 0);
  };
  return {
    async round() {
      const values = await measure(() => runner.span('inference', metadata).stop(), drained);
      const { emitted, written } = runner.books;
      if (written !== emitted) throw new Error(`${written} of ${emitted} events were written`);
      return values;
    },
    async close() {
      await runner.close();
    },
  };
}

/** Times batches of calls with a pause between two of them, which is timed as CPU alone. */
async function measure(call: (n: number) => void, pause: () => Promise<unknown>) {
  await pause();
  const nsPerCall: number[] = [];
  const before = process.cpuUsage();
  for (let batch = 0; batch < BATCHES; batch++) {
    const began = process.hrtime.bigint();
    for (let n = 0; n < BATCH; n++) call(n);
    nsPerCall.push(Number(process.hrtime.bigint() - began) / BATCH);
    await pause();
  }
  const { user, system } = process.cpuUsage(before);
  nsPerCall.sort((a, b) => a - b);
  const at = (share: number) => nsPerCall[Math.floor((nsPerCall.length - 1) * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), cpu: (user + system) / (BATCHES * BATCH) };
}

/** Takes every byte at once and answers nothing but 404 to questions, so that what is measured ends where the network begins. */
function discarding(): Transport {
  const answer = (status: number): Answer => ({
    status,
    header: () => undefined,
    trailer: () => undefined,
    body: (async function* () {})(),
    cancel: () => {},
  });
  const upload = (): Upload => {
    const answered = Promise.withResolvers<Answer>();
    return {
      connected: Promise.resolve(),
      answer: answered.promise,
      write: () => true,
      drained: () => Promise.resolve(),
      end: () => answered.resolve(answer(200)),
      abort: () => {},
    };
  };
  return { get: async () => answer(404), post: upload };
}
