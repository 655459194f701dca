import { expect, it } from 'vitest';
import { Arrivals, Filtered, filterOf } from './filtered.ts';
import { Ring } from './ring.ts';
import { summaryOf, type TailEvent, tailEvent } from './tail-event.ts';

const now = 1_795_318_027_701;
const event = (n: number, value: Record<string, unknown>) =>
  tailEvent(n, { value, bytes: Buffer.from(JSON.stringify(value)), seq: 0, epoch: undefined }, now);
const telemetry = (n: number, data: Record<string, unknown>) =>
  event(n, {
    type: 'telemetry',
    epoch: 'e',
    seq: n,
    event: { id: `i${n}`, type: 'stream_trace', timestamp: String(now), data },
  });

it('passes lines of a type and with a text, and looks at each once', () => {
  const events = new Ring<TailEvent>({ capacity: 10 });
  const filtered = new Filtered(filterOf('frame_done', 'ÜBER'));
  events.push(telemetry(1, { type: 'frame_done', note: 'über alles' }));
  events.push(telemetry(2, { type: 'frame_done', note: 'other' }));
  events.push(telemetry(3, { type: 'queue_depth', note: 'über' }));
  expect(
    filtered
      .of(events)
      .newest(10)
      .map(({ n }) => n),
  ).toEqual([1]);
  events.push(telemetry(4, { type: 'frame_done', note: 'Über' }));
  expect(
    filtered
      .of(events)
      .newest(10)
      .map(({ n }) => n),
  ).toEqual([4, 1]);
  expect(filtered.of(events).length).toBe(2);
});

it('a note of the page passes any filter', () => {
  const events = new Ring<TailEvent>({ capacity: 10 });
  events.push({ n: 1, at: now, kind: 'page', type: 'not seen here', text: '', note: '3 segments' });
  expect(new Filtered(filterOf('x', 'y')).of(events).length).toBe(1);
});

it('counts what has come since a moment and passes, whenever the filter was set', () => {
  const events = new Ring<TailEvent>({ capacity: 10 });
  events.push(telemetry(1, { type: 'frame_done' }));
  const since = { n: 1, pushed: events.pushed };
  const all = new Arrivals(undefined, since);
  for (const [n, type] of ['frame_done', 'queue_depth', 'frame_done'].entries())
    events.push(telemetry(n + 2, { type }));
  expect(all.of(events)).toBe(3);
  const done = new Arrivals(filterOf('frame_done', ''), since);
  expect(done.of(events)).toBe(2);
  events.push(telemetry(5, { type: 'frame_done' }));
  expect([all.of(events), done.of(events), done.of(events)]).toEqual([4, 3, 3]);
});

it('summarises what an event says beside its type, and a message as it is', () => {
  expect(
    summaryOf(telemetry(1, { type: 'frame_done', client_source: 'runnel', timestamp: '1', frame: 7, at: { x: 1 } })),
  ).toBe('frame=7  at={"x":1}');
  expect(summaryOf(event(2, { type: 'logs', lines: ['a\nb'] }))).toBe('lines=["a\\nb"]');
});

it('believes a stamp only near the present', () => {
  expect(telemetry(1, { type: 'x', timestamp: String(now - 5000) }).at).toBe(now - 5000);
  for (const timestamp of ['9999999999999999', 'yesterday', '-1', null, {}, '1e400']) {
    expect(telemetry(1, { type: 'x', timestamp }).at, JSON.stringify(timestamp)).toBe(now);
  }
});

it.each([
  [{ type: 7 }],
  [{}],
  [{ type: 'telemetry' }],
  [{ type: 'telemetry', event: null }],
  [{ type: 'telemetry', event: { data: [] } }],
])('shows %j without a complaint', (value) => {
  expect(summaryOf(event(1, value))).toEqual(expect.any(String));
});
