import { expect, onTestFinished, test } from 'vitest';
import { createTail, serveRelay } from '../../src/index.ts';
import { eventually, line, startLoop } from '../loop.ts';

async function served(options: Parameters<typeof startLoop>[0] = {}) {
  const loop = startLoop(options);
  const serving = await serveRelay(loop.relay);
  onTestFinished(() => serving.close());
  return { ...loop, serving, get: (path: string) => fetch(new URL(path, serving.url)) };
}

test('it listens on 127.0.0.1 and says that it is well', async () => {
  const { serving, get } = await served();
  expect(serving.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const answer = await get('/healthz');
  expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
});

test('/status has the books of sessions and sinks', async () => {
  const { relay, sink, events, get } = await served();
  relay.open('demo');
  await events('demo').writeMany([line(1), line(3)]);
  await sink.count(2);
  const status = await (await get('/status')).json();
  expect(status).toMatchObject({
    sessions: [
      {
        id: 'demo',
        state: 'live',
        lines: 2,
        telemetry: { in: 2, relayed: 2 },
        starts: [{ lastSeq: 3, missed: { gap: 1 } }],
      },
    ],
    sinks: [{ sink: 'collect', in: 2, out: 2, pending: 0 }],
  });
});

test('/metrics has the same figures for Prometheus, and names from the wire are no labels', async () => {
  const { relay, sink, events, get } = await served();
  relay.open('demo');
  await events('demo').writeMany([
    line(1),
    line(1),
    '{"type":"evil\\"} 1"}',
    '{"type":"telemetry","event":0}',
    line(5),
  ]);
  await sink.count(2);
  for (let round = 0; round < 2; round++) {
    const answer = await get('/metrics');
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toContain('version=0.0.4');
    expect(text).toContain('runnel_session_events_total{session="demo",outcome="relayed"} 2');
    expect(text).toContain('runnel_session_events_total{session="demo",outcome="replay"} 1');
    expect(text).toContain('runnel_session_events_total{session="demo",outcome="malformed"} 1');
    expect(text).toContain('runnel_session_events_missed_total{session="demo"} 3');
    expect(text).toContain('runnel_session_messages_total{session="demo",type="unknown"} 1');
    expect(text).toContain('runnel_sink_delivered_total{sink="collect"} 2');
    expect(text).toContain('runnel_sink_dead{sink="collect"} 0');
    expect(text).toMatch(/^runnel_session_latency_seconds\{session="demo",quantile="0.99"\} \d/m);
    expect(text).not.toContain('evil');
  }
});

test('EGRESS 1.17: /logs/tail shows the newest lines, those of the log sink and those of the runner', async () => {
  const tail = createTail();
  const { relay, events, get } = await served({ tail });
  relay.open('demo');
  tail.push('TELEMETRY type=stream_started id=1');
  await events('demo').write('{"type":"logs","lines":["first","forged\\nLOG session=x \\u001b[2J"]}');
  await eventually(() => expect(tail.last(10)).toHaveLength(3));
  expect(await (await get('/logs/tail')).text()).toBe(
    'TELEMETRY type=stream_started id=1\nLOG session=demo first\nLOG session=demo forged\\u000aLOG session=x \\u001b[2J\n',
  );
  expect(await (await get('/logs/tail?lines=1')).text()).toMatch(/^LOG session=demo forged.*\n$/);
});

test.each(['0', '-1', '1001', 'x', '1e2', ''])('/logs/tail?lines=%s is answered 400', async (lines) => {
  const { get } = await served();
  expect((await get(`/logs/tail?lines=${lines}`)).status).toBe(400);
});

test('the tail is bounded, in lines and in the length of one', () => {
  const tail = createTail({ lines: 10 });
  for (let n = 0; n < 1000; n++) tail.push(`${n} ${'x'.repeat(10_000)}`);
  expect(tail.last(1000).map((text) => Number.parseInt(text, 10))).toEqual([
    990, 991, 992, 993, 994, 995, 996, 997, 998, 999,
  ]);
  expect(tail.last(1)[0]).toHaveLength(4096);
});

test('a port in use rejects with EADDRINUSE, and other hosts are warned of', async () => {
  const { relay, serving } = await served();
  await expect(serveRelay(relay, { port: serving.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const warnings: string[] = [];
  const open = await serveRelay(relay, { host: '0.0.0.0', onWarning: (message) => warnings.push(message) });
  await open.close();
  expect(warnings).toEqual([expect.stringContaining('0.0.0.0')]);
});

test('unknown paths say what there is', async () => {
  const { get } = await served();
  const answer = await get('/');
  expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('/status')]);
});
