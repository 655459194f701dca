import type { Envelope } from '@runnel/protocol';
import { describe, expect, test } from 'vitest';
import { logSink } from './log.ts';

function envelope(text: string, over: Partial<Envelope> = {}): Envelope {
  const id = /"id":"([^"]*)"/.exec(text)?.[1];
  return { id, bytes: new TextEncoder().encode(text), session: 'demo', relayedVia: 'trickle', receivedAt: 0, ...over };
}

async function printed(...batch: Envelope[]): Promise<string[]> {
  const lines: string[] = [];
  await logSink({ write: (line) => void lines.push(line) }).send(batch, new AbortController().signal);
  return lines;
}

describe('EGRESS 1.17: the log sink', () => {
  test('EGRESS 1.17: writes one line an event with type, id, session, connection and relayed_via', async () => {
    const lines = await printed(
      envelope(
        '{"id":"i1","type":"stream_trace","data":{"type":"stream_started","session_id":"s1","connection_id":"c1"}}',
      ),
      envelope('{"id":"i2","type":"stream_trace","data":{"type":"playback_ready"}}', { relayedVia: 'local' }),
    );
    expect(lines).toEqual([
      'TELEMETRY type=stream_started id=i1 session=s1 connection=c1 relayed_via=trickle',
      'TELEMETRY type=playback_ready id=i2 session=demo connection=- relayed_via=local',
    ]);
  });

  test('EGRESS 1.17: falls back to the outer type, and to a dash for what is missing or no word', async () => {
    expect(await printed(envelope('{"type":"stream_trace","data":{"connection_id":{"a":1}}}'))).toEqual([
      'TELEMETRY type=stream_trace id=- session=demo connection=- relayed_via=trickle',
    ]);
  });

  test('with data, what the event measured stands behind, on the same line and bounded', async () => {
    const lines: string[] = [];
    const own = { fps: 9.5, note: 'a\nb\u202e', long: 'x'.repeat(1000) };
    const data = { type: 'frame_stats', client_source: 'me', timestamp: '1', session_id: 's', ...own };
    const sink = logSink({ data: true, write: (line) => void lines.push(line) });
    await sink.send([envelope(JSON.stringify({ id: 'i', data }))], new AbortController().signal);
    const [head = '', tail = ''] = lines.join('\n').split(' data=');
    expect(head).toBe('TELEMETRY type=frame_stats id=i session=s connection=- relayed_via=trickle');
    expect(tail).toMatch(/^\{"fps":9\.5,"note":"a\\nb\\u202e","long":"x+…$/);
    expect(tail.length).toBeLessThan(530);
  });

  test('EGRESS 1.17: no value can end the line, add a field or move the cursor', async () => {
    const type = 'a b\nTELEMETRY id="x"\u001b[2J\u0085\u2028\u202e\u{e0001}';
    const [line] = await printed(envelope(JSON.stringify({ id: 'i', data: { type } })));
    expect(line).toBe(
      String.raw`TELEMETRY type="a b\nTELEMETRY id=\"x\"\u001b[2J\u0085\u2028\u202e\udb40\udc01" id=i session=demo connection=- relayed_via=trickle`,
    );
  });

  test('EGRESS 1.17: a value of megabytes is cut', async () => {
    const [line] = await printed(envelope(JSON.stringify({ id: 'i', data: { type: 'x'.repeat(1_000_000) } })));
    expect(line).toBe(`TELEMETRY type=${'x'.repeat(128)}… id=i session=demo connection=- relayed_via=trickle`);
  });

  test('EGRESS 1.17: bytes that are no event still get a line', async () => {
    expect(await printed(envelope('{"id":"i", nonsense'))).toEqual([
      'TELEMETRY type=- id=i session=demo connection=- relayed_via=trickle',
    ]);
  });

  test('a full output is waited for', async () => {
    const lines: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const sink = logSink({
      write(line) {
        lines.push(line);
        return lines.length === 1 ? promise : undefined;
      },
    });
    const sent = sink.send([envelope('{"data":{}}'), envelope('{"data":{}}')], new AbortController().signal);
    await Promise.resolve();
    expect(lines).toHaveLength(1);
    resolve();
    await sent;
    expect(lines).toHaveLength(2);
  });

  test('an output that never takes the line is given up when the signal aborts', async () => {
    const controller = new AbortController();
    const sent = logSink({ write: () => new Promise(() => {}) }).send([envelope('{"data":{}}')], controller.signal);
    controller.abort(new Error('too late'));
    await expect(sent).rejects.toThrow('too late');
  });
});
