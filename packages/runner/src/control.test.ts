import type { EffectiveState } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, it, vi } from 'vitest';
import { control, eventTypes, follow, type Message, runnerOn, server, telemetry } from '../test/session.ts';
import type { RunnerOptions } from './index.ts';

const CONFIGURED: EffectiveState = {
  enabled: true,
  sampling: { rate: 1, patterns: [] },
  filter: { allowed: [], blocked: [] },
  heartbeat_ms: 10_000,
  log_level: 'debug',
};

/** A runner with a client that states what it wants and reads the answers. */
function controlled(options: Partial<RunnerOptions> = {}) {
  // The channel is there first: on a clock that stands still nobody polls for it.
  const host = server({ channels: [{ name: 's-control', mime: 'application/jsonl' }] });
  const clock = new ManualClock();
  const runner = runnerOn(host, { clock, buffer: 100_000, ...options });
  const events = follow(host);
  const { ask } = control(host);
  const answers = (all: Message[]) => all.filter(({ type }) => type.startsWith('control_'));
  let asked = 0;
  const answer = async () => {
    asked++;
    return answers(await events.until((all) => answers(all).length >= asked)).at(-1);
  };
  let version = 0;
  const state = async (wanted: object, from: object = {}) => {
    await ask({ type: 'control', client: 'c1', version: ++version, state: wanted, ...from });
    return answer();
  };
  const leaving = async () => {
    runner.emit('the end');
    await runner.close();
    return eventTypes(await events.until((all) => all.at(-1)?.last === true));
  };
  return { host, clock, runner, events, ask, answer, state, leaving };
}

describe('the answer', () => {
  it('PROTOCOL 8.6: says which version was applied, and the whole state in force', async () => {
    const { state, runner } = controlled();
    const wanted = { sampling: { rate: 0.5, patterns: ['a.*'] }, expires_ms: 60_000, colour: 'red' };
    const effective = { ...CONFIGURED, sampling: wanted.sampling, expires_ms: 60_000 };
    expect(await state(wanted)).toStrictEqual({ type: 'control_applied', client: 'c1', version: 1, state: effective });
    expect(runner.control).toStrictEqual(effective);
  });

  it('PROTOCOL 8.6: a state replaces the one before as a whole', async () => {
    const { state } = controlled({ control: { log_level: 'info' } });
    await state({ enabled: false, log_level: 'error' });
    expect(await state({ heartbeat_ms: 500 })).toMatchObject({
      state: { ...CONFIGURED, log_level: 'info', heartbeat_ms: 500 },
    });
  });

  it('PROTOCOL 8.6: what does not fit is refused with a reason, and changes nothing', async () => {
    const { state } = controlled();
    await state({ heartbeat_ms: 500 });
    expect(await state({ heartbeat_ms: 'often' })).toStrictEqual({
      type: 'control_refused',
      client: 'c1',
      version: 2,
      reason: 'invalid',
      message: expect.stringContaining('heartbeat_ms'),
      state: { ...CONFIGURED, heartbeat_ms: 500 },
    });
  });

  it('PROTOCOL 8.6: a lower version is stale, the same is answered again, another client takes over', async () => {
    const { state } = controlled();
    await state({ heartbeat_ms: 500 }, { version: 7 });
    expect(await state({ heartbeat_ms: 600 }, { version: 6 })).toMatchObject({
      type: 'control_refused',
      reason: 'stale',
    });
    expect(await state({ heartbeat_ms: 700 }, { version: 7 })).toMatchObject({
      type: 'control_applied',
      version: 7,
      state: { heartbeat_ms: 500 },
    });
    expect(await state({ heartbeat_ms: 800 }, { client: 'c2', version: 1 })).toMatchObject({
      type: 'control_applied',
      client: 'c2',
      state: { heartbeat_ms: 800 },
    });
  });

  it('PROTOCOL 8.6: a statement that names no sender is answered with error', async () => {
    const { ask, events } = controlled();
    await ask({ type: 'control', state: {}, request_id: 'r' });
    expect(await events.one('error')).toMatchObject({
      request_id: 'r',
      error: expect.stringContaining('control: client'),
    });
  });

  it('EGRESS 4.11: is in the order of the statements, each with its own version', async () => {
    const { ask, events } = controlled();
    for (let version = 1; version <= 50; version++) {
      await ask({ type: 'control', client: 'c1', version, state: { heartbeat_ms: 1000 + version } });
    }
    const all = await events.until((each) => each.filter(({ type }) => type === 'control_applied').length === 50);
    const applied = all.filter(({ type }) => type === 'control_applied');
    expect(applied.map(({ version }) => version)).toStrictEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    expect(applied.at(-1)).toMatchObject({ state: { heartbeat_ms: 1050 } });
  });
});

describe('the version in force', () => {
  it('EGRESS 4.12: runner_ready says whether telemetry is on, how it is sampled, and that nobody steers', async () => {
    const { events } = controlled({ control: { enabled: false, sampling: { rate: 0.25 } } });
    const ready = await events.one('runner_ready');
    expect(ready).toMatchObject({ telemetry_enabled: false, sampling_rate: 0.25 });
    expect(ready).not.toHaveProperty('control');
  });

  it('EGRESS 4.11: runner_ready and losses name it, so that a client sees when it has to state it again', async () => {
    const { host, clock, state, events } = controlled();
    await state({ expires_ms: 5_000 });
    clock.advance(10_000);
    const [report] = (await events.until((all) => all.some(({ type }) => type === 'losses'))).filter(
      ({ type }) => type === 'losses',
    );
    expect(report).toMatchObject({ control: { client: 'c1', version: 1, expired: true } });
    // Another life of the channel, and with it another runner_ready.
    await host.stop();
    host.start();
    clock.advance(10_000);
    const again = follow(host);
    const timer = setInterval(() => clock.advance(1_000), 5);
    const ready = await again.one('runner_ready');
    clearInterval(timer);
    expect(ready).toMatchObject({ control: { client: 'c1', version: 1, expired: true } });
  });
});

describe('expiry', () => {
  it('PROTOCOL 8.6: reverts by itself, by the monotonic clock, and says so', async () => {
    const { clock, state, runner, answer } = controlled({ control: { sampling: { rate: 0.5 } } });
    await state({ enabled: false, expires_ms: 5_000 });
    clock.step(3_600_000);
    clock.advance(4_999);
    expect(runner.control).toMatchObject({ enabled: false, expires_ms: 1 });
    clock.advance(1);
    const configured = { ...CONFIGURED, sampling: { rate: 0.5, patterns: [] } };
    expect(runner.control).toStrictEqual(configured);
    expect(await answer()).toStrictEqual({
      type: 'control_applied',
      client: 'c1',
      version: 1,
      expired: true,
      state: configured,
    });
  });

  it('PROTOCOL 8.6: the same version again does not prolong it; a newer one takes it away', async () => {
    const { clock, state, runner } = controlled();
    await state({ enabled: false, expires_ms: 1_000 });
    clock.advance(600);
    expect(await state({ enabled: false, expires_ms: 1_000 }, { version: 1 })).toMatchObject({
      state: { expires_ms: 400 },
    });
    await state({ enabled: false });
    clock.advance(10_000);
    expect(runner.control).toMatchObject({ enabled: false });
  });

  it('EGRESS 4.19: leaves no timer behind when the runner closes, over 1,000 changes', async () => {
    const { clock, ask, events, runner } = controlled();
    for (let version = 1; version <= 1_000; version++) {
      await ask({
        type: 'control',
        client: 'c1',
        version,
        state: { expires_ms: 3_600_000, heartbeat_ms: 1000 + version },
      });
      if (version % 100 === 0) await events.until((all) => all.some((each) => each.version === version));
    }
    await runner.close();
    // Those of the channels' own clients are theirs; none that a state left is among them.
    const left = clock.pending;
    clock.advance(3_600_000);
    expect(left).toBeLessThan(5);
    expect(runner.control).toMatchObject({ heartbeat_ms: 2000 });
  });
});

describe('what is withheld', () => {
  it('EGRESS 4.6: toggle stops emission before the next emit, and starts it again; nothing of it is a loss', async () => {
    const { state, runner, leaving } = controlled();
    runner.emit('before');
    await state({ enabled: false });
    runner.emit('while off');
    runner.event('while off').emit({ a: 1 });
    await state({ enabled: true });
    runner.emit('after');
    expect(await leaving()).toStrictEqual(['before', 'after', 'the end']);
    expect(runner.books).toMatchObject({ emitted: 3, written: 3, dropped: {}, withheld: { disabled: 2 } });
  });

  it('EGRESS 4.7: rate 0 keeps none, 1 all, and rates beyond are clamped to them', async () => {
    const { state, runner } = controlled();
    const kept = () => {
      const before = runner.books.emitted;
      for (let n = 0; n < 100; n++) runner.emit('e');
      return runner.books.emitted - before;
    };
    expect(await state({ sampling: { rate: -3 } })).toMatchObject({ state: { sampling: { rate: 0 } } });
    expect(kept()).toBe(0);
    expect(await state({ sampling: { rate: 17 } })).toMatchObject({ state: { sampling: { rate: 1 } } });
    expect(kept()).toBe(100);
    expect(runner.books.withheld).toStrictEqual({ disabled: 0, filtered: 0, sampled: 100 });
  });

  it.each(['no id', 'an id each'])(
    'EGRESS 4.7: of 100,000 events with %s the kept share is within 3 sigma',
    async (ids) => {
      const { state, runner } = controlled();
      await state({ sampling: { rate: 0.1 } });
      // By chance alone one run in 370 would be further off.
      const random = vi.spyOn(Math, 'random').mockImplementation(lehmer());
      for (let n = 0; n < 100_000; n++)
        runner.emit('e', undefined, ids === 'no id' ? {} : { correlationId: `request-${n}` });
      random.mockRestore();
      const sigma = Math.sqrt(100_000 * 0.1 * 0.9);
      expect(Math.abs(runner.books.emitted - 10_000)).toBeLessThan(3 * sigma);
      expect(runner.books.emitted + runner.books.withheld.sampled).toBe(100_000);
    },
  );

  it('EGRESS 4.7: with patterns only matching types are sampled', async () => {
    const { state, runner, leaving } = controlled();
    await state({ sampling: { rate: 0, patterns: ['stream.*', 'frame?'] } });
    for (const type of ['stream.start', 'streams', 'frame1', 'frame12', 'a.stream.b']) runner.emit(type);
    expect(await leaving()).toStrictEqual(['streams', 'frame12', 'a.stream.b', 'the end']);
  });

  it('EGRESS 4.8: one decision per correlation id, given either way, and the weight of what was kept', async () => {
    const { state, runner, events, leaving } = controlled();
    await state({ sampling: { rate: 0.25, patterns: ['work.*'] } });
    for (let n = 0; n < 200; n++) {
      runner.emit('work.start', { n }, { correlationId: `id ${n}` });
      runner.event('work.stop').emit({ n, correlation_id: `id ${n}` });
    }
    await leaving();
    const kept = telemetry(events.messages()).map(({ event }) => (event as { data: Record<string, unknown> }).data);
    const numbers = (type: string) => kept.filter((data) => data.type === type).map(({ n }) => n);
    expect(numbers('work.start')).toStrictEqual(numbers('work.stop'));
    expect(numbers('work.start').length).toBeGreaterThan(10);
    expect(numbers('work.start').length).toBeLessThan(100);
    expect(new Set(kept.map((data) => data.sample_weight))).toStrictEqual(new Set([4, undefined]));
    expect(kept.at(-1)).not.toHaveProperty('sample_weight');
  });

  it('EGRESS 4.8: the decision is a function of the id that PROTOCOL.md gives, so that every process decides alike', async () => {
    const { state, runner, leaving } = controlled();
    await state({ sampling: { rate: 0.5 } });
    for (const correlationId of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
      runner.emit(correlationId, undefined, { correlationId });
    const kept = (await leaving()).filter((type) => type !== 'the end');
    expect(kept).toStrictEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].filter((id) => finalised(fnv1a(id)) < 2 ** 31));
  });

  it('EGRESS 4.9: block wins over allow, and an empty allow is all', async () => {
    const { state, runner, leaving } = controlled();
    const types = ['stream.start', 'stream.debug', 'other'];
    await state({ filter: { allowed: ['stream.*'], blocked: ['*.debug'] } });
    for (const type of types) runner.emit(type);
    await state({ filter: { blocked: ['*.debug'] } });
    for (const type of types) runner.emit(type);
    expect(await leaving()).toStrictEqual(['stream.start', 'stream.start', 'other', 'the end']);
    expect(runner.books.withheld).toStrictEqual({ disabled: 0, filtered: 3, sampled: 0 });
  });

  it('PROTOCOL 8.4: the report of losses counts it apart', async () => {
    const { state, runner, leaving, events } = controlled();
    await state({ filter: { blocked: ['no'] } });
    runner.emit('no');
    await leaving();
    expect(events.messages().at(-1)).toMatchObject({ emitted: 1, written: 1, dropped: {}, withheld: { filtered: 1 } });
  });

  it('a handle knows whether it is worth gathering figures', async () => {
    const { state, runner } = controlled();
    const handle = runner.event('stream_heartbeat');
    expect(handle.enabled).toBe(true);
    await state({ filter: { blocked: ['stream_*'] } });
    expect(handle.enabled).toBe(false);
    await state({});
    expect(handle.enabled).toBe(true);
    expect(handle.type).toBe('stream_heartbeat');
  });

  it('keeps deciding rightly for more types than it remembers', async () => {
    const { state, runner } = controlled();
    await state({ filter: { blocked: ['odd *'] } });
    for (let n = 0; n < 5_000; n++) runner.emit(n % 2 ? `odd ${n}` : `even ${n}`);
    expect(runner.books).toMatchObject({ emitted: 2_500, withheld: { filtered: 2_500 } });
  });
});

describe('what else is steered', () => {
  it('PROTOCOL 8.6: the heartbeat interval changes for streams that run', async () => {
    const { state, runner, clock } = controlled();
    runner.stream();
    await state({ heartbeat_ms: 1_000 });
    clock.advance(5_000);
    expect(runner.books.emitted).toBe(5);
    await state({});
    clock.advance(9_999);
    expect(runner.books.emitted).toBe(5);
    clock.advance(1);
    expect(runner.books.emitted).toBe(6);
  });

  it('PROTOCOL 8.6: log lines below the level do not leave, and are counted apart', async () => {
    const { state, runner, leaving, events } = controlled();
    await state({ log_level: 'warn' });
    runner.log('told by default as info');
    runner.log('debug', 'debug');
    runner.log('warn', 'warn');
    runner.log('error', 'error');
    await state({ log_level: 'off' });
    runner.log('error again', 'error');
    await leaving();
    const logs = events.messages().filter(({ type }) => type === 'logs');
    expect(logs.flatMap(({ lines }) => lines)).toStrictEqual(['warn', 'error']);
    expect(runner.books.messages.withheld).toBe(3);
  });
});

describe('configuration', () => {
  it('EGRESS 4.10: holds from the first event on, before any client has spoken', async () => {
    const { runner, leaving } = controlled({ control: { filter: { blocked: ['debug.*'] } } });
    runner.emit('debug.frame');
    runner.emit('frame');
    expect(await leaving()).toStrictEqual(['frame', 'the end']);
  });

  it('is refused as invalid where it does not fit', () => {
    expect(() => runnerOn(server(), { control: { filter: { blocked: [''] } } })).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('control: filter.blocked') }),
    );
  });
});

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
  return hash;
}

function finalised(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0;
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The same numbers from 0 to 1 in every run, as if by chance. */
function lehmer(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
