/** The control state of sessions, against a runner that is played line by line. */
import type { ControlState } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import { type ControlStatus, createRelay } from '../src/index.ts';
import { base, pass, startLoop } from './loop.ts';

const EFFECTIVE = {
  enabled: true,
  sampling: { rate: 1, patterns: [] },
  filter: { allowed: [], blocked: [] },
  heartbeat_ms: 10_000,
  log_level: 'debug',
};

interface Said {
  readonly client: string;
  readonly version: number;
  readonly state: ControlState;
}

/** A session, and a runner that says what the test has it say. */
function played(options: Parameters<typeof startLoop>[0] = {}, id = 'demo') {
  const clock = new ManualClock();
  const loop = startLoop({ clock, ...options });
  const session = loop.relay.open(id);
  const events = loop.events(id);
  const said: Said[] = [];
  void (async () => {
    for await (const message of loop.control(id)) if (message.type === 'control') said.push(message as never);
  })();
  const say = (message: object) => void events.write(JSON.stringify(message));
  const until = (done: () => boolean, stepMs = 10) => pass(clock, done, stepMs);
  return {
    ...loop,
    clock,
    session,
    said,
    say,
    until,
    /** The statements, when there are that many. */
    async statements(n: number) {
      await until(() => said.length >= n);
      return said;
    },
    answer: ({ client, version, state }: Said, more: object = {}) =>
      say({ type: 'control_applied', client, version, state: { ...EFFECTIVE, ...state }, ...more }),
    /** What `asked` gives, with time passing. */
    async outcome(asked: Promise<ControlStatus>) {
      let done = false;
      const outcome = asked.finally(() => {
        done = true;
      });
      outcome.catch(() => {});
      await until(() => done);
      return outcome;
    },
  };
}

const losses = (more: object = {}) => ({
  type: 'losses',
  epoch: 'aaaaaaaa',
  emitted: 0,
  written: 0,
  dropped: {},
  ...more,
});
const ready = (epoch: string, more: object = {}) => ({ type: 'runner_ready', startup_ms: 1, epoch, ...more });

describe('a statement', () => {
  test('EGRESS 4.11: is acknowledged with the version and the effective state', async () => {
    const { session, statements, answer, outcome } = played();
    expect(session.control.status).toEqual({ answer: 'none' });
    const asked = session.control.ask({ enabled: false }, { waitMs: 60_000 });
    expect(session.control.status).toMatchObject({
      asked: { version: 1, state: { enabled: false } },
      answer: 'waiting',
    });
    const [first] = await statements(1);
    expect(first).toEqual({ type: 'control', client: expect.any(String), version: 1, state: { enabled: false } });
    answer(first as Said);
    expect(await outcome(asked)).toEqual({
      asked: { version: 1, state: { enabled: false } },
      answer: 'applied',
      effective: { ...EFFECTIVE, enabled: false },
      runner: { epoch: '', answers: true, inForce: { client: first?.client, version: 1 } },
    });
  });

  test('EGRESS 4.11: that the runner refuses says why, and what is in force', async () => {
    const { session, statements, say, outcome } = played();
    const asked = session.control.ask({ heartbeat_ms: 100 }, { waitMs: 60_000 });
    const [{ client, version } = { client: '', version: 0 }] = await statements(1);
    say({ type: 'control_refused', client, version, reason: 'invalid', message: 'too often', state: EFFECTIVE });
    expect(await outcome(asked)).toMatchObject({
      answer: 'refused',
      refused: { reason: 'invalid', message: 'too often' },
      effective: EFFECTIVE,
    });
  });

  test('EGRESS 4.11: of a runner that says nothing, or error, to it is unanswered, not applied', async () => {
    const { session, statements, say, outcome, clock, relay } = played();
    const asked = session.control.ask({ enabled: false }, { waitMs: 60_000 });
    await statements(1);
    say({ type: 'error', error: 'unknown type "control"' });
    const status = await outcome(asked);
    expect(status.answer).toBe('unanswered');
    expect(status).not.toHaveProperty('effective');
    expect(clock.now()).toBeGreaterThanOrEqual(5_000);
    expect(clock.now()).toBeLessThan(7_000);
    expect(session.books.control.answer).toBe('unanswered');
    expect(await relay.metrics()).toContain('runnel_session_control{session="demo",answer="unanswered"} 1');
  });

  test('EGRESS 4.11: waits for the channel, and what replaced it meanwhile is all that is sent', async () => {
    const { session, trickle, statements, clock, outcome, until } = played({ server: { autocreate: false } });
    const first = session.control.ask({ heartbeat_ms: 1000 }, { waitMs: 60_000 });
    await until(() => session.books.control.opened >= 3);
    const second = session.control.ask({ heartbeat_ms: 2000, expires_ms: 60_000 }, { waitMs: 0 });
    await expect(outcome(first)).rejects.toMatchObject({ code: 'conflict' });
    expect(await outcome(second)).toMatchObject({ asked: { version: 2 }, answer: 'waiting' });
    const asked = clock.now();
    await until(() => clock.now() > 10_000);
    trickle.create('demo-control', 'application/jsonl');
    const said = await statements(1);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ version: 2, state: { heartbeat_ms: 2000 } });
    // What is left of its time, counted from when it was asked for.
    const left = said[0]?.state.expires_ms ?? 0;
    expect(left).toBeLessThan(60_000 - (10_000 - asked));
    expect(left).toBeGreaterThan(40_000);
  });

  test('PROTOCOL 8.6: that is no state is refused here, and nothing is sent', async () => {
    const { session } = played();
    for (const [state, complaint] of [
      [{ sample: 0.1 }, /sample/],
      [{ sampling: { rate: 1, pattern: 'x' } }, /sampling.*pattern/],
      [{ heartbeat_ms: 1 }, /heartbeat_ms/],
      [null, /control/],
    ] as const)
      await expect(session.control.ask(state as ControlState)).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(complaint),
      });
    expect(session.control.status).toEqual({ answer: 'none' });
  });

  test('what a runner says of it is kept to what is known and short', async () => {
    const { session, statements, say, outcome } = played();
    const asked = session.control.ask({ heartbeat_ms: 100 }, { waitMs: 60_000 });
    const [{ client, version } = { client: '', version: 0 }] = await statements(1);
    const long = 'x'.repeat(1_000_000);
    const state = { ...EFFECTIVE, [long]: long, sampling: { ...EFFECTIVE.sampling, more: long } };
    say({ type: 'control_refused', client, version, reason: long, message: long, state });
    const { refused, effective } = await outcome(asked);
    expect(refused?.reason).toHaveLength(100);
    expect(refused?.message).toHaveLength(1_000);
    expect(effective).toEqual(EFFECTIVE);
  });

  test('a session that is closed states nothing more, whatever its last lines say', async () => {
    const { session, segment, until } = played();
    session.control.ask({ enabled: false }).catch(() => {});
    await until(() => session.books.control.opened === 1);
    const last = [{ type: 'logs', lines: ['the end'] }, ready('bbbbbbbb')];
    let closed = false;
    const over = () => {
      closed = true;
    };
    session.on('logs', () => void session.close().then(over));
    void segment('demo', last.map((each) => `${JSON.stringify(each)}\n`).join(''));
    await until(() => closed);
    expect(session.books.lines).toBe(2);
    expect(session.books.control.opened).toBe(1);
    expect(session.control.status.asked?.version).toBe(1);
  });

  test('a session that is closed tells whoever waits', async () => {
    const { session, outcome } = played();
    const asked = session.control.ask({ enabled: false }, { waitMs: 60_000 });
    void session.close();
    await expect(outcome(asked)).rejects.toMatchObject({ code: 'aborted' });
    await expect(session.control.ask({})).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('a runner that has another state', () => {
  test('EGRESS 4.11: gets the statement again when its report names none, or another', async () => {
    const { session, statements, say, answer, until } = played();
    void session.control.ask({ enabled: false });
    const [first] = await statements(1);
    answer(first as Said);
    await until(() => session.control.status.answer === 'applied');
    say(losses({ control: { client: first?.client, version: 1 } }));
    say(losses());
    expect((await statements(2))[1]).toMatchObject({ client: first?.client, state: { enabled: false } });
    expect(session.control.status.answer).toBe('waiting');
    answer((await statements(2))[1] as Said);
    await until(() => session.control.status.answer === 'applied');
    say(losses({ control: { client: 'somebody', version: 9 } }));
    expect((await statements(3))[2]).toMatchObject({ client: first?.client, state: { enabled: false } });
  });

  test('EGRESS 4.11: gets it again after it has started, with what is left of its time and a version of its own', async () => {
    const { session, statements, say, answer, clock, until } = played();
    void session.control.ask({ enabled: false, expires_ms: 600_000 });
    const [first] = await statements(1);
    expect(first?.state.expires_ms).toBeGreaterThan(599_000);
    answer(first as Said);
    await until(() => session.control.status.answer === 'applied');
    clock.step(-3_600_000);
    await until(() => clock.now() > 200_000, 1000);
    say(ready('bbbbbbbb'));
    const again = (await statements(2))[1];
    expect(again).toMatchObject({ client: first?.client, version: 2, state: { enabled: false } });
    expect(again?.state.expires_ms).toBeLessThan(400_000);
    expect(again?.state.expires_ms).toBeGreaterThan(380_000);
    expect(session.control.status).toMatchObject({ answer: 'waiting', runner: { epoch: 'bbbbbbbb', answers: false } });
    expect(session.control.status).not.toHaveProperty('effective');
  });

  test('PROTOCOL 8.6: gets a new version also if its start found the older line before it said that it is ready', async () => {
    const { session, statements, say, answer, until } = played();
    say(ready('aaaaaaaa'));
    await until(() => session.control.status.runner?.epoch === 'aaaaaaaa');
    void session.control.ask({ enabled: false, expires_ms: 600_000 });
    const [first] = await statements(1);
    answer(first as Said);
    await until(() => session.control.status.answer === 'applied');
    say(ready('bbbbbbbb', { control: { client: first?.client, version: first?.version } }));
    expect((await statements(2))[1]).toMatchObject({ version: 2, state: { enabled: false } });
  });

  test('EGRESS 4.11: keeps what it said is in force when its first report comes after its answer', async () => {
    const { session, statements, said, say, answer, until } = played();
    void session.control.ask({ enabled: false });
    const [first] = await statements(1);
    answer(first as Said);
    await until(() => session.control.status.answer === 'applied');
    say(losses({ control: { client: first?.client, version: 1 } }));
    await until(() => session.control.status.runner?.epoch === 'aaaaaaaa');
    expect(session.control.status).toMatchObject({ answer: 'applied', effective: { enabled: false } });
    expect(said).toHaveLength(1);
  });

  test('EGRESS 4.11: that never answers is asked seldomer and seldomer', async () => {
    const { session, said, say, clock, until } = played();
    say(losses());
    await until(() => session.control.status.runner !== undefined);
    void session.control.ask({ enabled: false });
    await until(() => session.control.status.answer === 'unanswered');
    for (let report = 0; report < 60; report++) {
      say(losses({ emitted: report }));
      const until10s = clock.now() + 10_000;
      await until(() => clock.now() >= until10s, 250);
    }
    // In 600 s: at 0, and about 10, 30, 60, 110, 200 and 370 s.
    expect(said.length).toBeGreaterThanOrEqual(5);
    expect(said.length).toBeLessThanOrEqual(9);
    expect(new Set(said.map(({ version }) => version)).size).toBe(1);
  });

  test('EGRESS 4.12: what it says of itself when it starts can be read', async () => {
    const { session, say, until } = played();
    say(ready('cccccccc', { telemetry_enabled: true, sampling_rate: 0.5, control: { client: 'old', version: 3 } }));
    await until(() => session.control.status.runner !== undefined);
    expect(session.control.status).toEqual({
      answer: 'none',
      runner: {
        epoch: 'cccccccc',
        answers: true,
        inForce: { client: 'old', version: 3 },
        telemetryEnabled: true,
        samplingRate: 0.5,
      },
    });
  });
});

describe('a state that ends', () => {
  test('PROTOCOL 8.6: is not stated again, and the runner tells what is in force then', async () => {
    const { session, statements, said, say, answer, until, clock } = played();
    void session.control.ask({ enabled: false, expires_ms: 60_000 });
    const [first] = await statements(1);
    answer(first as Said, { state: { ...EFFECTIVE, enabled: false, expires_ms: 60_000 } });
    await until(() => session.control.status.answer === 'applied');
    const at = clock.now();
    await until(() => clock.now() >= at + 20_000, 1000);
    expect(session.control.status).toMatchObject({ effective: { expires_ms: 60_000 - (clock.now() - at) } });
    expect(session.control.status.asked?.expiresAt).toBeLessThanOrEqual(1_700_000_060_000);
    answer(first as Said, { expired: true, state: EFFECTIVE });
    await until(() => session.control.status.asked?.expired === true);
    say(losses({ control: { client: first?.client, version: 1, expired: true } }));
    say(ready('bbbbbbbb'));
    await until(() => session.control.status.runner?.epoch === 'bbbbbbbb');
    const end = clock.now() + 30_000;
    await until(() => clock.now() > end, 1000);
    expect(said).toHaveLength(1);
  });

  test('PROTOCOL 8.6: and never reached the runner is not sent after its time', async () => {
    const { session, said, trickle, until, clock } = played({ server: { autocreate: false } });
    void session.control.ask({ enabled: false, expires_ms: 20_000 });
    await until(() => clock.now() > 25_000, 500);
    expect(session.control.status).toMatchObject({ asked: { expired: true }, answer: 'unanswered' });
    trickle.create('demo-control', 'application/jsonl');
    await until(() => session.books.pings.sent > 1, 500);
    expect(said).toEqual([]);
  });
});

describe('configuration', () => {
  const control = { 'gpu-*': { sampling: { rate: 0.1 } }, 'gpu-7': { heartbeat_ms: 500 } };

  test('EGRESS 4.10: is stated when the runner connects and when it is back, to the session it names', async () => {
    const { statements, say, said, until, session } = played({ control }, 'gpu-1');
    expect((await statements(1))[0]).toMatchObject({ version: 1, state: { sampling: { rate: 0.1 } } });
    say(ready('aaaaaaaa'));
    expect((await statements(2))[1]).toMatchObject({ state: { sampling: { rate: 0.1 } } });
    say(ready('bbbbbbbb'));
    expect((await statements(3))[2]).toMatchObject({ state: { sampling: { rate: 0.1 } } });
    const other = played({ control }, 'cpu-1');
    await other.until(() => other.session.books.pings.sent > 1, 500);
    expect(other.said).toEqual([]);
    const seventh = played({ control }, 'gpu-7');
    expect((await seventh.statements(1))[0]).toMatchObject({ state: { heartbeat_ms: 500 } });
    await until(() => session.books.pings.sent > 1, 500);
    expect(said).toHaveLength(3);
  });

  test('EGRESS 4.10: is beneath what is asked for, and is stated anew when that has ended', async () => {
    const { session, statements, outcome } = played({ control }, 'gpu-1');
    await statements(1);
    await outcome(session.control.ask({ enabled: false, expires_ms: 30_000 }, { waitMs: 0 }));
    const said = await statements(3);
    expect(said[1]).toMatchObject({ version: 2, state: { enabled: false, sampling: { rate: 0.1 } } });
    expect(said[2]?.version).toBe(3);
    expect(said[2]?.state).toEqual({ sampling: { rate: 0.1 } });
  });

  test('EGRESS 4.10: whoever asked for what has ended unanswered is told of that, not of the configured state after it', async () => {
    const { session, statements, outcome } = played({ control }, 'gpu-1');
    await statements(1);
    const status = await outcome(session.control.ask({ enabled: false, expires_ms: 1_000 }, { waitMs: 60_000 }));
    expect(status).toMatchObject({ asked: { version: 2, expired: true }, answer: 'unanswered' });
  });

  test('EGRESS 4.10: a session that is not open is refused with an error that the caller sees', async () => {
    const { relay } = played();
    await expect(relay.control('nobody', { enabled: false })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('nobody'),
    });
  });

  test('EGRESS 4.10: a state that is none is refused when the relay is made', () => {
    const relay = (control: object) => () => createRelay({ url: base, sinks: [], control: control as never });
    expect(relay({ demo: { sampling: { rate: 'all' } } })).toThrow(/demo\.sampling\.rate/);
    expect(relay({ demo: { expires_ms: 5 } })).toThrow(/expires_ms/);
  });
});

test('EGRESS 4.19: sessions opened, steered and closed over 1,000 cycles leave no timer and no session behind', async () => {
  const clock = new ManualClock();
  const { relay } = startLoop({ clock });
  const left: number[] = [];
  for (let cycle = 0; cycle < 1_000; cycle++) {
    const session = relay.open(`s${cycle % 7}`);
    const asked = session.control.ask({ enabled: false, expires_ms: 3_600_000 }, { waitMs: 3_600_000 });
    asked.catch(() => {});
    let closed = false;
    void session.close().then(() => {
      closed = true;
    });
    await pass(clock, () => closed);
    await expect(asked).rejects.toMatchObject({ code: 'aborted' });
    left.push(clock.pending);
  }
  expect(relay.sessions.size).toBe(0);
  expect(left.at(-1)).toBeLessThanOrEqual((left[10] ?? 0) + 10);
});
