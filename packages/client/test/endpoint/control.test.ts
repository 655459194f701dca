import { expect, test } from 'vitest';
import type { ControlStatus } from '../../src/index.ts';
import { eventually } from '../loop.ts';
import { served } from './served.ts';

const IN_FORCE = {
  enabled: true,
  sampling: { rate: 1, patterns: [] },
  filter: { allowed: [], blocked: [] },
  heartbeat_ms: 10_000,
  log_level: 'debug',
};

const put = (body: unknown) => ({ method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) });

test('EGRESS 4.11: PUT of a state is answered with what the runner applied, and GET shows it', async () => {
  const { relay, ask, control, events } = await served();
  relay.open('demo');
  void (async () => {
    for await (const { type, client, version, state } of control('demo')) {
      if (type !== 'control') continue;
      const answer = { type: 'control_applied', client, version, state: { ...IN_FORCE, ...(state as object) } };
      await events('demo').write(JSON.stringify(answer));
    }
  })();
  expect(await (await ask('sessions/demo/control')).json()).toEqual({ answer: 'none' });
  const answer = await ask(
    'sessions/demo/control?wait=20000',
    put({ sampling: { rate: 0.1, patterns: ['stream.*'] } }),
  );
  expect(answer.status).toBe(200);
  const status = (await answer.json()) as ControlStatus;
  expect(status).toMatchObject({
    asked: { version: 1, state: { sampling: { rate: 0.1 } } },
    answer: 'applied',
    effective: { ...IN_FORCE, sampling: { rate: 0.1, patterns: ['stream.*'] } },
    runner: { answers: true },
  });
  expect(await (await ask('sessions/demo/control')).json()).toEqual(status);
});

test('PUT waits no longer than it is told to', async () => {
  const { relay, ask } = await served();
  relay.open('demo');
  const answer = await ask('sessions/demo/control?wait=0', put({ enabled: false }));
  expect(await answer.json()).toEqual({ asked: { version: 1, state: { enabled: false } }, answer: 'waiting' });
});

test('EGRESS 4.11: PUT of a state that another replaced before its answer says so', async () => {
  const { relay, ask } = await served();
  const session = relay.open('demo');
  const first = ask('sessions/demo/control?wait=20000', put({ enabled: false }));
  await eventually(() => expect(session.control.status.asked?.version).toBe(1));
  const second = await ask('sessions/demo/control?wait=0', put({ enabled: true }));
  expect(await second.json()).toMatchObject({ asked: { version: 2 } });
  expect([(await first).status, await (await first).text()]).toEqual([409, expect.stringMatching(/another state/)]);
});

test('EGRESS 4.10: a session that is not open, and what is no state, are told to whoever asks', async () => {
  const { relay, ask } = await served();
  relay.open('demo');
  const answers = async (path: string, init?: RequestInit) => {
    const answer = await ask(path, init);
    return [answer.status, await answer.text()];
  };
  expect(await answers('sessions/nobody/control')).toEqual([404, 'no session nobody is open\n']);
  expect(await answers('sessions/nobody/control', put({}))).toEqual([404, 'no session nobody is open\n']);
  for (const [body, complaint] of [
    ['{', /JSON/],
    ['[]', /^control/],
    [{ sampling: { rate: 'all' } }, /^control\.sampling\.rate: /],
    [{ sample: 0.1 }, /sample/],
    [{ expires_ms: 0 }, /expires_ms/],
  ] as const) {
    expect(await answers('sessions/demo/control', put(body))).toEqual([400, expect.stringMatching(complaint)]);
  }
  expect(await answers('sessions/demo/control?wait=long', put({}))).toEqual([400, expect.stringMatching(/wait/)]);
  expect(relay.sessions.get('demo')?.control.status).toEqual({ answer: 'none' });
});
