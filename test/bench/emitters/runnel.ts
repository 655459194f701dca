/** The runner's emit, its handles and its spans. The transport takes every byte at once, so that what is measured ends where the network begins. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answer, Transport, Upload } from '@runnel/pubsub';
import { type ConfiguredState, createRunner, type Runner, type RunnerOptions } from '@runnel/runner';
import { BATCH, type Emitter, heartbeat } from './emitter.ts';

const CONTEXT = { connection_id: 'c-1', pipeline_ids: ['p-1'], user_id: 'u-1', connection_info: { gpu_type: 'H100' } };

export const emit = (): Emitter => emitting({});
export const emitWithContext = (): Emitter => emitting({ context: CONTEXT });
export const off = (): Emitter => withheld({ enabled: false });
export const filtered = (): Emitter => withheld({ filter: { blocked: ['stream_*'] } });
export const sampledOut = (): Emitter => withheld({ sampling: { rate: 0.001 } });

/** Start and stop of a span around nothing: two events a call. */
export function span(): Emitter {
  const runner = runnerWith({ buffer: 2 * BATCH });
  const metadata = { model: 'm' };
  return around(runner, () => runner.span('inference', metadata).stop());
}

function emitting(options: Partial<RunnerOptions>): Emitter {
  const runner = runnerWith({ buffer: BATCH, ...options });
  return around(runner, (data) => runner.emit('stream_heartbeat', data));
}

function around(runner: Runner, call: Emitter['call']): Emitter {
  return {
    call,
    async drained() {
      do await nextTurn();
      while (runner.books.pending > 0);
    },
    async close() {
      const { emitted, written } = await runner.close();
      if (written !== emitted) throw new Error(`${written} of ${emitted} events were written`);
    },
  };
}

/** A handle whose events the control state withholds. The data is made once: what making it costs is the caller's, who may ask `enabled` first. */
function withheld(control: ConfiguredState): Emitter {
  const runner = runnerWith({ buffer: BATCH, control });
  const handle = runner.event('stream_heartbeat');
  const data = heartbeat(1);
  return { call: () => handle.emit(data), close: () => runner.close() };
}

export const runnerWith = (options: Partial<RunnerOptions>): Runner =>
  createRunner({ session: 'bench', url: 'http://nowhere/', transport: discarding(), ...options });

/** Takes every byte at once and answers nothing but 404 to questions. */
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
