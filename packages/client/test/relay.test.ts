import { type Clock, JSONL, type Sink, systemClock, TrickleError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { createPublisher, fetchTransport, type Transport } from '@runnel/pubsub';
import { describe, expect, test } from 'vitest';
import { createRelay, type MessageType, openJournal, type Session } from '../src/index.ts';
import { base, collectingSink, event, eventually, freshPath, line, pass, startLoop } from './loop.ts';

/** Everything a session's handlers get, as `type` by `type`. */
function heard(session: Session): object[] {
  const messages: object[] = [];
  const types: MessageType[] = [
    'losses',
    'runner_ready',
    'logs',
    'notification',
    'pong',
    'api_response',
    'stream_started',
    'stream_stopped',
    'parameters_ack',
    'error',
  ];
  for (const type of types) session.on(type, (message) => messages.push(message));
  return messages;
}

describe('EGRESS 1.4: telemetry', () => {
  test('EGRESS 1.4: 100 events reach the sink with their ids and times, in order, none stamped anew', async () => {
    const { relay, sink, events } = startLoop();
    const lines = Array.from({ length: 100 }, (_, at) =>
      line(at + 1, 'aaaaaaaa', event(`id${at}`, { session_id: 's', connection_id: `c${at}` })),
    );
    relay.open('demo');
    await events('demo').writeMany(lines);
    await sink.count(100);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(lines.map((_, at) => `id${at}`));
    expect(sink.texts).toEqual(lines.map((text) => JSON.stringify(JSON.parse(text).event)));
    expect(sink.envelopes[0]).toMatchObject({ session: 'demo', relayedVia: 'trickle' });
  });

  test('EGRESS 1.5: the bytes at the sink are those on the channel, and the receive time is beside them', async () => {
    const clock = new ManualClock(1_234_567_890_000);
    const { relay, sink, segment } = startLoop({ clock });
    const odd = '{ "b":1.0,\t"2":12345678901234567890, "1":"\\u00e9 é \\/" , "id":"x" ,"data" : {} }';
    await segment(
      'demo',
      `{"type":"telemetry" , "event":{"not":"this"}, "event" :\t${odd} \r}\r\n`,
      `{"event":${odd},"type":"network_event"}`,
    );
    relay.open('demo');
    await sink.count(1);
    expect(sink.texts[0]).toBe(odd);
    expect(sink.envelopes[0]?.receivedAt).toBe(clock.wall());
  });

  test('EGRESS 1.13: only telemetry reaches the sink, and no handler sees it', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const messages = heard(session);
    const others = [
      { type: 'runner_ready', startup_ms: 3, epoch: 'aaaaaaaa' },
      { type: 'notification', payload: { text: 'hello' } },
      { type: 'logs', lines: ['one'] },
      { type: 'pong', timestamp: 1 },
      { type: 'api_response', request_id: 'r', status: 200 },
    ];
    await events('demo').writeMany([
      ...others.map((message) => JSON.stringify(message)),
      line(1),
      `{"type":"network_event","event":${event('old')}}`,
    ]);
    await sink.count(2);
    expect(messages).toEqual(others);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-1', 'old']);
    expect(session.books).toMatchObject({
      lines: 7,
      telemetry: { in: 2, relayed: 2 },
      messages: { byType: { logs: 1, pong: 1 } },
    });
  });

  test('EGRESS 1.14: a message of an unknown type is ignored and counted, and the session lives', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const messages = heard(session);
    await events('demo').writeMany([
      '{"type":"brand_new","event":{"data":{}}}',
      '{"type":7}',
      '{}',
      '{"type":"constructor"}',
      '{"type":"logs","lines":[1]}',
      line(1),
    ]);
    await sink.count(1);
    expect(messages).toEqual([]);
    expect(session.books.messages).toMatchObject({ unknown: 4, invalid: 1, byType: {} });
  });

  test('EGRESS 1.15: a line that is no JSON anywhere in it is not taken, however good its beginning', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const bad = [
      '{"data":{"a":01}}',
      '{"data":{"a":"\t"}}',
      '{"data":{"a":[1,]}}',
      '{"data":{}}}',
      '{"data":{"a":nul}}',
    ];
    await events('demo').writeMany([
      ...bad.map((json, at) => line(at + 1, 'aaaaaaaa', json)),
      new TextEncoder().encode(line(7, 'aaaaaaaa', '{"data":{"a":"?"}}')).map((byte) => (byte === 0x3f ? 0xff : byte)),
      line(8, 'aaaaaaaa'),
    ]);
    await sink.count(1);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['aaaaaaaa-8']);
    expect(session.books.badLines).toMatchObject({ invalid_json: bad.length, invalid_utf8: 1 });
    expect(session.books.telemetry).toMatchObject({ in: 1, relayed: 1, malformed: 0 });
  });

  test('PROTOCOL 8.3: how the members of a line are written changes nothing, and the event is kept as it was written', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const event = '{ "data" : {"n":1.0}, "\\u0069d":"\\u00e9\\"é", "id":"\\u00e9\\"é" }';
    await events('demo').writeMany([
      `{"event":{},"seq":1e0,"event": ${event},"epoch":"aaaaaaaa","t\\u0079pe":"telem\\u0065try"}`,
      `{"type":"telemetry","epoch":"aaaaaaaa","seq":1,"event":${event}}`,
    ]);
    await sink.count(1);
    expect(sink.envelopes.map(({ id, bytes }) => [id, Buffer.from(bytes).toString()])).toEqual([['é"é', event]]);
    expect(session.books.telemetry).toMatchObject({ in: 2, relayed: 1, replay: 1 });
  });

  test('EGRESS 1.15: an event that is none is counted as malformed, and the next is delivered', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const bad = [
      'null',
      '"text"',
      '[]',
      '[{"data":{}}]',
      '{}',
      '{"data":null}',
      '{"data":[]}',
      '{"data":"x"}',
      '{"id":7,"data":{}}',
      '{"id":null,"data":{}}',
      'true',
      '1e999',
    ];
    const lines = bad.map((json, at) => line(at + 1, 'aaaaaaaa', json));
    await events('demo').writeMany([
      ...lines,
      '{"type":"telemetry"}',
      '{"type":"telemetry","epoch":[],"seq":{},"event":5}',
      line(bad.length + 1, 'aaaaaaaa'),
    ]);
    await sink.count(1);
    expect(sink.envelopes.map(({ id }) => id)).toEqual([`aaaaaaaa-${bad.length + 1}`]);
    expect(session.books.telemetry).toEqual({
      in: bad.length + 3,
      relayed: 1,
      malformed: bad.length + 2,
      replay: 0,
      withheld: 0,
    });
    expect(session.books.sums.missed).toBe(0);
  });

  test('EGRESS 1.11: no event of one session reaches another, and closing one leaves the other alone', async () => {
    const { relay, sink, events } = startLoop();
    const a = relay.open('a');
    relay.open('b');
    const [toA, toB] = [events('a'), events('b')];
    await Promise.all([toA.write(line(1, 'aaaaaaaa')), toB.write(line(1, 'bbbbbbbb'))]);
    await sink.count(2);
    await a.close();
    expect([...relay.sessions.keys()]).toEqual(['b']);
    await Promise.all([toA.write(line(2, 'aaaaaaaa')), toB.write(line(2, 'bbbbbbbb'))]);
    await sink.count(3);
    expect(sink.envelopes.map(({ session, id }) => `${session} ${id}`).sort()).toEqual([
      'a aaaaaaaa-1',
      'b bbbbbbbb-1',
      'b bbbbbbbb-2',
    ]);
    relay.open('a');
    await sink.count(4);
    expect(sink.envelopes.at(-1)).toMatchObject({ session: 'a', id: 'aaaaaaaa-2' });
  });

  test('EGRESS 1.19, 6.16: runner_ready is delivered although it was written before the client came', async () => {
    const { relay, events } = startLoop();
    const runner = events('demo');
    await runner.write('{"type":"runner_ready","startup_ms":12.5,"epoch":"aaaaaaaa"}');
    const ready = Promise.withResolvers<unknown>();
    relay.open('demo').on('runner_ready', ready.resolve);
    expect(await ready.promise).toMatchObject({ startup_ms: 12.5 });
  });

  test('EGRESS 1.19: … also when segments were written since', async () => {
    const { relay, sink, segment } = startLoop();
    await segment('demo', '{"type":"runner_ready","startup_ms":1,"epoch":"aaaaaaaa"}\n');
    for (let seq = 1; seq <= 3; seq++) await segment('demo', `${line(seq, 'aaaaaaaa')}\n`);
    const session = relay.open('demo');
    const messages = heard(session);
    await sink.count(3);
    expect(messages).toEqual([{ type: 'runner_ready', startup_ms: 1, epoch: 'aaaaaaaa' }]);
  });
});

describe('hostile lines', () => {
  test('EGRESS 1.25: a response of 5 MiB passes', async () => {
    const { relay, events } = startLoop();
    const answer = Promise.withResolvers<Record<string, unknown>>();
    relay.open('demo').on('api_response', answer.resolve);
    const shell = '{"type":"api_response","request_id":"r","body":""}';
    const body = 'x'.repeat(5 * 1024 * 1024 - shell.length - 1);
    await events('demo').write(shell.replace('""', `"${body}"`));
    expect((await answer.promise).body).toBe(body);
  });

  test('EGRESS 1.25: of an unterminated line of 6 MiB only that line is lost', async () => {
    const { relay, sink, segment } = startLoop();
    const session = relay.open('demo');
    const flood = segment('demo', `${line(1)}\n`, ...Array.from({ length: 6 }, () => 'x'.repeat(1024 * 1024)));
    await expect(flood).rejects.toMatchObject({ name: 'TrickleError' });
    await segment('demo', `${line(2)}\n`);
    await sink.count(2);
    expect(session.books).toMatchObject({ lines: 2, telemetry: { relayed: 2 } });
  });

  test('EGRESS 1.15, 6.17: random bytes between good lines cost nothing but themselves', async () => {
    const { relay, sink, segment } = startLoop();
    const session = relay.open('demo');
    const encoder = new TextEncoder();
    const noise = () => crypto.getRandomValues(new Uint8Array(Math.floor(Math.random() * 300)));
    for (let round = 0; round < 10; round++) {
      const parts: Uint8Array[] = [];
      for (let at = 1; at <= 20; at++) {
        // A line feed may be anywhere in the noise, so it is fenced by line feeds of ours.
        parts.push(noise(), encoder.encode(`\n${line(round * 20 + at)}\n`));
      }
      await segment('demo', ...parts);
    }
    await sink.count(200);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, at) => `0a1b2c3d-${at + 1}`));
    expect(session.books.telemetry).toMatchObject({ relayed: 200, malformed: 0, replay: 0 });
    expect(session.books.badLines.invalid_utf8).toBeGreaterThan(0);
  });

  test('JSON that is deep, wide or named like a prototype does no harm', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`reason${at}`, 1]));
    await events('demo').writeMany([
      `{"type":"notification","payload":${deep}}`,
      line(1, 'aaaaaaaa', `{"id":"deep","data":{"deep":${deep}}}`),
      JSON.stringify({ type: 'losses', epoch: 'aaaaaaaa', emitted: 50_001, written: 1, dropped: wide }),
      '{"__proto__":{"type":"telemetry"},"constructor":{"prototype":{"polluted":1}}}',
      '{"type":"telemetry","__proto__":null,"event":{"id":"proto","data":{"__proto__":{"polluted":1}}}}',
    ]);
    await sink.count(2);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['deep', 'proto']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(session.books.starts[0]?.report?.dropped ?? {})).toHaveLength(33);
    expect(session.books.starts[0]?.report?.pending).toBe(0);
  });

  test('EGRESS 6.20: a handler that throws or rejects is counted, stays, and hurts nobody', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    session.on('logs', () => {
      throw new Error('thrown');
    });
    session.on('logs', () => Promise.reject(new Error('rejected')));
    const messages = heard(session);
    await events('demo').writeMany(['{"type":"logs","lines":["a"]}', '{"type":"logs","lines":["b"]}', line(1)]);
    await sink.count(1);
    expect(messages).toHaveLength(2);
    await eventually(() => expect(session.books.messages.handlerFailures).toBe(4));
  });
});

describe('replays and gaps', () => {
  test('PROTOCOL 8.5: a line at or below the last seq of its epoch is a replay, also when another epoch came in between', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const [a, b] = ['aaaaaaaa', 'bbbbbbbb'];
    await events('demo').writeMany([
      line(1, a),
      line(2, a),
      line(2, a),
      line(1, b),
      line(1, a),
      line(2, b),
      line(3, a),
      line(1, b),
    ]);
    await sink.count(5);
    expect(sink.envelopes.map(({ id }) => id)).toEqual([`${a}-1`, `${a}-2`, `${b}-1`, `${b}-2`, `${a}-3`]);
    await eventually(() =>
      expect(session.books.telemetry).toEqual({ in: 8, relayed: 5, malformed: 0, replay: 3, withheld: 0 }),
    );
  });

  test('PROTOCOL 8.5: lines without epoch and seq are told apart by id, over two segments', async () => {
    const { relay, sink, segment } = startLoop();
    const session = relay.open('demo');
    const old = (id: string) => `{"type":"telemetry","event":${event(id)}}\n`;
    await segment('demo', old('a'), old('b'), old('a'));
    await segment('demo', old('b'), old('c'));
    await segment('demo', old('c'), old('a'));
    await sink.count(4);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'a']);
    expect(session.books.telemetry.replay).toBe(3);
  });

  test('PROTOCOL 8.5: at most 8,192 ids are remembered', async () => {
    const { relay, sink, segment } = startLoop();
    relay.open('demo');
    const old = (id: number) => `{"type":"telemetry","event":{"id":"${id}","data":{}}}\n`;
    const all = Array.from({ length: 8193 }, (_, id) => old(id)).join('');
    await segment('demo', all, old(1), old(0), all.slice(0, 0), `${line(1)}\n`);
    await sink.count(8195);
    expect(sink.envelopes.slice(-2).map(({ id }) => id)).toEqual(['0', '0a1b2c3d-1']);
  });

  test('EGRESS 6.16, PROTOCOL 8.3: a gap in seq is an exact number of events', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    await events('demo').writeMany([line(11), line(12), line(15), line(16), line(20)]);
    await sink.count(5);
    expect(session.books.starts).toMatchObject([
      { epoch: '0a1b2c3d', received: 5, lastSeq: 20, missed: { before: 10, gap: 5 }, state: 'running' },
    ]);
  });

  test('EGRESS 6.16, R17, PROTOCOL 8.4: the report tells what was lost on the channel from what the runner dropped', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const report = { type: 'losses', epoch: '0a1b2c3d', emitted: 10, written: 6, dropped: { queue_overflow: 3 } };
    await events('demo').writeMany([line(1), line(2), line(5), line(9), JSON.stringify(report), line(10)]);
    await sink.count(5);
    expect(session.books.starts).toMatchObject([
      { received: 5, lastSeq: 10, missed: { gap: 5 }, lost: 2, report: { emitted: 10, written: 6, pending: 1 } },
    ]);
  });

  test('PROTOCOL 8.4: a start that is followed by another without its last report was killed', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const losses = (epoch: string, n: number, last = {}) =>
      JSON.stringify({ type: 'losses', epoch, emitted: n, written: n, dropped: {}, ...last });
    const ready = (epoch: string) => `{"type":"runner_ready","startup_ms":1,"epoch":"${epoch}"}`;
    const [killed, closed, idle, next] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd'] as const;
    await events('demo').writeMany([
      ...[ready(killed), line(1, killed), losses(killed, 1)],
      ...[ready(closed), line(1, closed), losses(closed, 1, { last: true })],
      ...[ready(idle)],
      ...[ready(next), line(1, next)],
    ]);
    await sink.count(3);
    expect(session.books.starts.map(({ epoch, state }) => [epoch, state])).toEqual([
      [killed, 'unreported'],
      [closed, 'finished'],
      [idle, 'unreported'],
      [next, 'running'],
    ]);
    expect(session.books.sums).toMatchObject({ starts: 4, unreported: 2 });
  });

  test('PROTOCOL 8.3: what is no epoch or no seq is not taken for one, and the event is delivered', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    const odd = [
      ['""', 1],
      [`"${'a'.repeat(65)}"`, 1],
      ['7', 1],
      ['"aaaaaaaa"', 0],
      ['"aaaaaaaa"', -1],
      ['"aaaaaaaa"', 1.5],
      ['"aaaaaaaa"', '"1"'],
      ['"aaaaaaaa"', 2 ** 53],
    ];
    await events('demo').writeMany(
      odd.map(([epoch, seq], at) => `{"type":"telemetry","epoch":${epoch},"seq":${seq},"event":${event(`${at}`)}}`),
    );
    await sink.count(odd.length);
    expect(session.books.starts).toEqual([]);
  });

  test('of a runner that starts anew with every line, the newest 16 starts are kept and the others summed', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    await events('demo').writeMany(Array.from({ length: 100 }, (_, at) => line(2, `epoch${at}`)));
    await sink.count(100);
    expect(session.books.starts).toHaveLength(16);
    expect(session.books.sums).toEqual({ starts: 100, received: 100, missed: 100, lost: 0, unreported: 99 });
  });
});

describe('channels that come and go', () => {
  test('HOUSE 10: a session waits for a channel that does not exist yet', async () => {
    const clock = new ManualClock();
    const { relay, sink, events, trickle } = startLoop({ clock });
    relay.open('demo');
    await pass(clock, () => clock.now() > 30_000);
    expect(trickle.get('demo-events')).toBeUndefined();
    await events('demo').write(line(1));
    await pass(clock, () => sink.envelopes.length === 1);
  });

  test('HOUSE 10: an events channel that ends does not end the session, and nothing is lost or doubled', async () => {
    const { relay, sink, events } = startLoop();
    const session = relay.open('demo');
    for (const epoch of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) {
      const runner = events('demo');
      await runner.writeMany([line(1, epoch), line(2, epoch), '{"type":"logs","lines":["x"]}']);
      await eventually(() => expect(sink.envelopes.at(-1)?.id).toBe(`${epoch}-2`));
      await runner.close();
    }
    expect(sink.envelopes.map(({ id }) => id)).toEqual([
      'aaaaaaaa-1',
      'aaaaaaaa-2',
      'bbbbbbbb-1',
      'bbbbbbbb-2',
      'cccccccc-1',
      'cccccccc-2',
    ]);
    expect(session.books).toMatchObject({
      telemetry: { replay: 0 },
      messages: { byType: { logs: 3 } },
      discontinuities: 2,
    });
  });

  test('HOUSE 4: a channel that has ended and lingers is not read again, and its next life is', async () => {
    const clock = new ManualClock();
    const { relay, sink, events, trickle } = startLoop({ clock, server: { lingerMs: 30_000 } });
    const session = relay.open('demo');
    const runner = events('demo');
    await runner.write(line(1, 'aaaaaaaa'));
    await pass(clock, () => sink.envelopes.length === 1);
    await runner.close();
    await pass(clock, () => clock.now() > 10_000);
    expect(trickle.list().find(({ name }) => name === 'demo-events')).toMatchObject({ closed: true });
    expect(session.books).toMatchObject({ segments: 1, lines: 1 });
    await events('demo').write(line(1, 'bbbbbbbb'));
    await pass(clock, () => sink.envelopes.length === 2);
    expect(session.books).toMatchObject({ segments: 2, lines: 2, segmentsSkipped: 0 });
  });

  test('EGRESS 6.16: a server that goes away and comes back without its memory is found again', async () => {
    const clock = new ManualClock();
    const first = startLoop();
    const second = startLoop();
    let transport: typeof first.transport | undefined = first.transport;
    const away = new Error('no server');
    const { relay, sink } = startLoop({
      clock,
      transport: {
        get: (url, request) => transport?.get(url, request) ?? Promise.reject(away),
        post: (url, request) => (transport ?? first.transport).post(url, request),
      },
    });
    const session = relay.open('demo');
    await first.events('demo').writeMany([line(1), line(2)]);
    await pass(clock, () => sink.envelopes.length === 2);
    transport = undefined;
    await first.trickle.stop();
    await pass(clock, () => session.state !== 'live');
    transport = second.transport;
    await second.events('demo').writeMany([line(2), line(3)]);
    await pass(clock, () => sink.envelopes.length === 3);
    expect(session.state).toBe('live');
    expect(session.books).toMatchObject({ telemetry: { relayed: 3, replay: 1 }, sums: { missed: 0 } });
  });

  test('EGRESS 1.26, 6.8, 6.16: a segment that is read again after an interruption gives every message once', async () => {
    const loop = startLoop();
    const network = breakable(loop.transport);
    const { relay, sink } = startLoop({ transport: network.transport });
    const session = relay.open('demo');
    const messages = heard(session);
    const runner = loop.events('demo');
    await runner.writeMany([line(1), '{"type":"logs","lines":["a"]}', `{"type":"telemetry","event":${event('x')}}`]);
    await sink.count(2);
    network.cut(2);
    await runner.writeMany(['{"type":"logs","lines":["b"]}', line(2)]);
    await runner.close({ deleteChannel: false });
    await loop.segment('demo', `${line(3)}\n`);
    await sink.count(4);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-1', 'x', '0a1b2c3d-2', '0a1b2c3d-3']);
    expect(messages).toEqual([
      { type: 'logs', lines: ['a'] },
      { type: 'logs', lines: ['b'] },
    ]);
    expect(session.books).toMatchObject({ lines: 6, telemetry: { in: 4, replay: 0 }, sums: { missed: 0 } });
  });

  test('EGRESS 1.26, 6.16: … also when the server could not be reached for so long that several subscriptions gave up', async () => {
    const clock = new ManualClock();
    const loop = startLoop();
    const network = breakable(loop.transport);
    const { relay, sink } = startLoop({ clock, transport: network.transport });
    const session = relay.open('demo');
    const messages = heard(session);
    const runner = loop.events('demo');
    await runner.writeMany([line(1), '{"type":"logs","lines":["a"]}']);
    await pass(clock, () => sink.envelopes.length === 1);
    network.cut(20);
    await runner.writeMany(['{"type":"logs","lines":["b"]}', line(2)]);
    await pass(clock, () => sink.envelopes.length === 2);
    expect(messages).toEqual([
      { type: 'logs', lines: ['a'] },
      { type: 'logs', lines: ['b'] },
    ]);
    expect(session.books).toMatchObject({ lines: 4, telemetry: { in: 2, replay: 0 }, discontinuities: 0 });
  });
});

test('a segment that is cut before its first line is whole is asked for again', async () => {
  const loop = startLoop();
  const network = breakable(loop.transport);
  const { relay, sink } = startLoop({ transport: network.transport });
  const session = relay.open('demo');
  const publisher = createPublisher(`${base}demo-events`, { transport: loop.transport, create: true, mime: JSONL });
  const segment = await publisher.open();
  segment.write(new TextEncoder().encode(line(1).slice(0, 20)));
  await eventually(() => expect(session.books.segments).toBe(1));
  network.cut(2);
  segment.write(new TextEncoder().encode(`${line(1).slice(20)}\n`));
  await segment.end();
  await loop.segment('demo', `${line(2)}\n`);
  await sink.count(2);
  expect(sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-1', '0a1b2c3d-2']);
});

test('EGRESS 6.16: a server that dies in the middle of a segment and comes back is one discontinuity', async () => {
  const [before, after] = [startLoop(), startLoop()];
  let server = before;
  const network = breakable({
    get: (url, request) => server.transport.get(url, request),
    post: (url, request) => server.transport.post(url, request),
  });
  const { relay, sink } = startLoop({ transport: network.transport });
  const session = relay.open('demo');
  await before.events('demo').write(line(1));
  await sink.count(1);
  server = after;
  await after.events('demo').write(line(2));
  network.cut(1);
  await sink.count(2);
  await eventually(() => expect(session.books).toMatchObject({ lines: 2, discontinuities: 1 }));
});

describe('the state of a session', () => {
  test('whoever is told of it and throws is counted, and hurts nobody', async () => {
    const { relay, sink, events } = startLoop({
      onState: () => {
        throw new Error('not now');
      },
    });
    const session = relay.open('demo');
    await eventually(() => expect(session.state).toBe('waiting'));
    await events('demo').writeMany([line(1), '{"type":"logs","lines":["x"]}']);
    await sink.count(1);
    expect(session.books).toMatchObject({ lines: 2, error: undefined, messages: { handlerFailures: 2 } });
  });

  test('a server that has no such channels yet has been reached, and one that breaks off has not', async () => {
    const clock = new ManualClock();
    const { transport } = startLoop({ clock, server: { autocreate: false } });
    const away = fetchTransport(() => Promise.reject(new TypeError('fetch failed')));
    let there = true;
    const { relay } = startLoop({
      clock,
      pingMs: 1000,
      transport: {
        get: (url, request) => (there ? transport : away).get(url, request),
        post: (url, request) => (there ? transport : away).post(url, request),
      },
    });
    const session = relay.open('demo');
    await pass(clock, () => session.state === 'waiting');
    expect(clock.now()).toBeLessThan(1000);
    there = false;
    await pass(clock, () => session.state === 'connecting');
    there = true;
    await pass(clock, () => session.state === 'waiting');
  });

  test('it is live while events come, although the control channel can not be had', async () => {
    const clock = new ManualClock();
    const { transport, events } = startLoop({ clock });
    const states: string[] = [];
    const { relay } = startLoop({
      clock,
      pingMs: 1000,
      onState: ({ state }) => states.push(state),
      transport: {
        ...transport,
        get: async (url, request) =>
          url.includes('-control')
            ? Promise.reject(new TrickleError('unreachable', 'no'))
            : transport.get(url, request),
        post: () => transport.post('http://nowhere.test/_reserved/0', {}),
      },
    });
    const session = relay.open('demo');
    await events('demo').write(line(1));
    await pass(clock, () => session.state === 'live');
    await pass(clock, () => session.books.pings.unsent >= 3);
    expect(states.slice(states.indexOf('live'))).toEqual(['live']);
  });

  test('closing it is not told as a change of its state', async () => {
    const states: string[] = [];
    const { relay, events } = startLoop({ onState: ({ state }) => states.push(state) });
    const session = relay.open('demo');
    await events('demo').write(line(1));
    await eventually(() => expect(session.state).toBe('live'));
    await session.close();
    expect(states.at(-1)).toBe('live');
  });
});

describe('sinks', () => {
  test.each([
    ['no name', { send: async () => {}, close: async () => {} }],
    ['no send', { name: 'a', close: async () => {} }],
    ['no close', { name: 'a', send: async () => {} }],
    ['nothing', undefined],
  ])('EGRESS 2.20: one with %s is refused when the relay is made', (_, sink) => {
    const make = () => createRelay({ url: 'http://localhost/', sinks: [sink as Sink] });
    expect(make).toThrow(expect.objectContaining({ name: 'TrickleError', code: 'invalid' }));
  });

  test('EGRESS 6.9: a sink that hangs delays neither the session nor another sink', async () => {
    const [hung, good] = [hangingSink('hung'), collectingSink('good')];
    const { relay, events } = startLoop({ sinks: [hung, good] });
    relay.open('demo');
    const runner = events('demo');
    for (let seq = 1; seq <= 50; seq++) await runner.write(line(seq));
    await good.count(50);
    await eventually(() =>
      expect(relay.status().sinks).toMatchObject([
        { sink: 'hung', in: 50, out: 0, pending: 50 },
        { sink: 'good', in: 50, out: 50, pending: 0 },
      ]),
    );
  });

  test('EGRESS 6.11: a batch that is rejected is handed over again, in order, until it is acknowledged', async () => {
    const clock = new ManualClock();
    const sink = collectingSink();
    let failures = 5;
    const flaky: Sink = {
      ...sink,
      send: async (batch, signal) => {
        if (failures-- > 0) throw new Error('down');
        await sink.send(batch, signal);
      },
    };
    const { relay, events } = startLoop({ clock, sinks: [flaky] });
    relay.open('demo');
    const runner = events('demo');
    await runner.writeMany([line(1), line(2)]);
    await pass(clock, () => relay.status().sinks[0]?.error !== undefined);
    expect(relay.status().sinks[0]).toMatchObject({ error: 'Error: down', out: 0 });
    await runner.writeMany([line(3)]);
    await pass(clock, () => sink.envelopes.length === 3, 1000);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-1', '0a1b2c3d-2', '0a1b2c3d-3']);
    expect(relay.status().sinks[0]).toMatchObject({ in: 3, out: 3, pending: 0, retries: 5, error: undefined });
  });

  test('what a sink refuses for ever is counted, and what it wants again comes again alone', async () => {
    const clock = new ManualClock();
    const batches: (string | undefined)[][] = [];
    const picky: Sink = {
      name: 'picky',
      async send(batch) {
        batches.push(batch.map(({ id }) => id));
        return batches.length === 1 ? { refused: [{ place: 0, reason: 'ugly' }], retry: [2] } : undefined;
      },
      async close() {},
    };
    const { relay, segment } = startLoop({ clock, sinks: [picky] });
    await segment('demo', `${line(1)}\n${line(2)}\n${line(3)}\n`);
    relay.open('demo');
    await pass(clock, () => relay.status().sinks[0]?.out === 2);
    expect(batches).toEqual([['0a1b2c3d-1', '0a1b2c3d-2', '0a1b2c3d-3'], ['0a1b2c3d-3']]);
    expect(relay.status().sinks[0]).toMatchObject({ in: 3, out: 2, pending: 0, dropped: { refused: 1 } });
  });

  test('a sink that takes too long is told to give up, and gets the batch again', async () => {
    const clock = new ManualClock();
    const reasons: unknown[] = [];
    const slow: Sink = {
      name: 'slow',
      send: (_, signal) =>
        reasons.length < 1
          ? new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(reasons.push(signal.reason))),
            )
          : Promise.resolve(),
      async close() {},
    };
    const { relay, events } = startLoop({ clock, sinks: [slow] });
    relay.open('demo');
    await events('demo').write(line(1));
    await pass(clock, () => relay.status().sinks[0]?.out === 1, 1000);
    expect(reasons).toEqual([new Error('the sink took too long')]);
  });

  test('over the bounds of the journal in memory the oldest leave, and are counted', async () => {
    const journal = openJournal({ maxEnvelopes: 10 });
    const gate = Promise.withResolvers<void>();
    const sink = collectingSink();
    const gated: Sink = {
      ...sink,
      async send(batch, signal) {
        await gate.promise;
        await sink.send(batch, signal);
      },
    };
    const { relay, events, segment } = startLoop({ journal, sinks: [gated] });
    relay.open('demo');
    await segment('demo', `${line(1)}\n`);
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ in: 1, sendingMs: expect.any(Number) }));
    const runner = events('demo');
    await runner.writeMany(Array.from({ length: 30 }, (_, at) => line(at + 2)));
    await eventually(() =>
      expect(relay.status().sinks[0]).toMatchObject({ in: 31, pending: 10, dropped: { overflow: 21 } }),
    );
    gate.resolve();
    await sink.count(10);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(
      [1, ...Array.from({ length: 9 }, (_, at) => at + 23)].map((seq) => `0a1b2c3d-${seq}`),
    );
    await eventually(() =>
      expect(relay.status().sinks[0]).toMatchObject({ in: 31, out: 10, pending: 0, dropped: { overflow: 21 } }),
    );
  });
});

describe('bounds', () => {
  test('a batch is no larger than its sink says, and an envelope that is goes alone', async () => {
    const sink = collectingSink();
    const batches: number[] = [];
    const small: Sink = {
      ...sink,
      traits: { order: 'all', maxBatch: 3, maxBytes: 1000 },
      async send(batch, signal) {
        batches.push(batch.length);
        await sink.send(batch, signal);
      },
    };
    const { relay, segment } = startLoop({ sinks: [small] });
    const big = event('big', { pad: 'x'.repeat(1000) });
    const half = (id: string) => event(id, { pad: 'x'.repeat(400) });
    const all = [...'1234567'].map((id) => event(id)).concat(big, half('8'), half('9'));
    await segment('demo', all.map((json, at) => `${line(at + 1, 'aaaaaaaa', json)}\n`).join(''));
    relay.open('demo');
    await sink.count(10);
    expect(sink.texts).toEqual(all);
    expect(batches).toEqual([3, 3, 1, 1, 1, 1]);
  });

  test('what waits for a sink does not keep in memory what came with it', async () => {
    const { relay, sink, segment } = startLoop();
    const logs = JSON.stringify({ type: 'logs', lines: ['x'.repeat(50_000)] });
    const many = Array.from({ length: 300 }, (_, at) => `${line(at + 11)}\n`).join('');
    relay.open('demo');
    for (let seq = 1; seq <= 10; seq++) await segment('demo', `${logs}\n${line(seq)}\n`);
    await segment('demo', many);
    await sink.count(310);
    const bytes = sink.envelopes.reduce((sum, each) => sum + each.bytes.length, 0);
    const memory = new Set(sink.envelopes.map((each) => each.bytes.buffer));
    const held = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    // Copies come out of Node's pool, whose blocks are not full.
    expect(held).toBeLessThan(2 * bytes + 2 * Buffer.poolSize);
  });

  test('the journal in memory is bounded in bytes too', async () => {
    const journal = openJournal({ maxBytes: 10_000 });
    const { relay, segment } = startLoop({ journal, sinks: [hangingSink('hung')] });
    relay.open('demo');
    await segment('demo', `${line(1)}\n`);
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ in: 1, sendingMs: expect.any(Number) }));
    const lines = Array.from(
      { length: 50 },
      (_, at) => `${line(at + 2, '0a1b2c3d', event('x', { pad: 'x'.repeat(900) }))}\n`,
    );
    await segment('demo', ...lines);
    await eventually(() =>
      expect(relay.status().sinks[0]).toMatchObject({ in: 51, pending: 10, dropped: { overflow: 41 } }),
    );
  });
});

describe('closing', () => {
  test('EGRESS 6.14: a relay that is closed keeps no process alive', async () => {
    const kept = new Set<() => void>();
    const after: Clock['after'] = (ms, fn, options) => {
      const cancel = systemClock.after(ms, fn, options);
      if (options?.keepAlive) kept.add(cancel);
      return () => {
        kept.delete(cancel);
        cancel();
      };
    };
    const { relay } = startLoop({ clock: { ...systemClock, after } });
    relay.open('demo');
    await relay.close();
    expect(kept.size).toBe(0);
  });

  test('EGRESS 6.14: what is pending is delivered before the sinks are closed, and the report says so', async () => {
    const gate = Promise.withResolvers<void>();
    const calls: string[] = [];
    const slow: Sink = {
      name: 'slow',
      async send(batch) {
        await gate.promise;
        calls.push(`send ${batch.length}`);
      },
      async close() {
        calls.push('close');
      },
    };
    const { relay, segment } = startLoop({ sinks: [slow] });
    await segment('demo', `${line(1)}\n${line(2)}\n`);
    relay.open('demo');
    await eventually(() => expect(relay.status().sinks[0]?.in).toBe(2));
    const closed = relay.close();
    gate.resolve();
    expect(await closed).toEqual({ delivered: 2, kept: 0, dropped: 0 });
    expect(calls).toEqual(['send 2', 'close']);
  });

  test('EGRESS 6.14: a sink that hangs does not hold up the end: what it had is counted as dropped by shutdown', async () => {
    const clock = new ManualClock();
    const { relay, segment } = startLoop({ clock, sinks: [hangingSink('deaf')] });
    await segment('demo', `${line(1)}\n${line(2)}\n`);
    relay.open('demo');
    await pass(clock, () => relay.status().sinks[0]?.in === 2);
    const start = clock.now();
    let report: unknown;
    void relay.close({ deadlineMs: 4000 }).then((each) => {
      report = each;
    });
    await pass(clock, () => report !== undefined, 10);
    expect(report).toEqual({ delivered: 0, kept: 0, dropped: 2 });
    expect(relay.status().sinks[0]?.dropped).toEqual({ shutdown: 2 });
    expect(clock.now() - start).toBeLessThanOrEqual(4000);
  });

  test('EGRESS 6.14: a journal that keeps what is pending reports it as kept', async () => {
    const { relay, segment } = startLoop({ journal: openJournal({ path: freshPath() }), sinks: [hangingSink('down')] });
    await segment('demo', `${line(1)}\n`);
    relay.open('demo');
    await eventually(() => expect(relay.status().sinks[0]?.in).toBe(1));
    expect(await relay.close({ deadlineMs: 200 })).toEqual({ delivered: 0, kept: 1, dropped: 0 });
  });

  test('a relay that goes on with the journal of another begins where that one stopped', async () => {
    const path = freshPath();
    const first = startLoop({ journal: openJournal({ path }) });
    const runner = first.events('demo');
    first.relay.open('demo');
    await runner.writeMany([line(1), line(2), '{"type":"logs","lines":["once"]}']);
    await first.sink.count(2);
    await eventually(() => expect(first.relay.status().sessions[0]?.lines).toBe(3));
    await first.relay.close();
    await runner.writeMany([line(4)]);
    const again = startLoop({ journal: openJournal({ path }), transport: first.transport });
    const session = again.relay.open('demo');
    await again.sink.count(1);
    expect(again.sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-4']);
    expect(session.books).toMatchObject({
      lines: 4,
      telemetry: { in: 3, relayed: 3, replay: 0 },
      messages: { byType: { logs: 1 } },
    });
    expect(session.books.starts).toMatchObject([{ received: 3, lastSeq: 4, missed: { before: 0, gap: 1 } }]);
  });

  test('a relay refuses what it cannot use, by code', async () => {
    const { relay } = startLoop();
    relay.open('demo');
    expect(() => relay.open('demo')).toThrow(expect.objectContaining({ code: 'invalid' }));
    for (const id of ['a\nb', '..', '.', ''])
      expect(() => relay.open(id)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => relay.open('x', { eventsUrl: 'ftp://x/' })).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => startLoop({ sinks: [hangingSink('a'), hangingSink('a')] })).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
    expect(() => startLoop({ sinks: [{ name: 'half' } as Sink] })).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
    expect(() => startLoop({ url: 'nowhere' })).toThrow(expect.objectContaining({ code: 'invalid' }));
    await relay.close();
    expect(() => relay.open('late')).toThrow(expect.objectContaining({ code: 'aborted' }));
  });
});

function hangingSink(name: string): Sink {
  return { name, send: () => new Promise(() => {}), async close() {} };
}

/** A transport whose connections can be broken: `cut(n)` breaks every body of the events channel, and refuses the next `n` requests for it. */
function breakable(transport: Transport) {
  let broken = Promise.withResolvers<never>();
  let refuse = 0;
  async function* until(body: AsyncIterable<Uint8Array>, end: Promise<never>) {
    const chunks = body[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), end]);
      if (done) return;
      yield value;
    }
  }
  return {
    transport: {
      post: transport.post,
      async get(url: string, request: Parameters<Transport['get']>[1]) {
        const unreachable = new TrickleError('unreachable', 'cut');
        if (!url.includes('-events')) return transport.get(url, request);
        if (refuse-- > 0) throw unreachable;
        const { promise } = broken;
        const answer = await Promise.race([transport.get(url, request), promise]);
        return { ...answer, body: until(answer.body, promise) };
      },
    },
    cut(requests: number) {
      refuse = requests;
      broken.promise.catch(() => {});
      broken.reject(new TrickleError('unreachable', 'cut'));
      broken = Promise.withResolvers();
    },
  };
}
