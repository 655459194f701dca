import { expect, test } from 'vitest';
import { readEventLine } from './event-line.ts';

const line = (epoch: string, seq = '7') =>
  readEventLine(
    Buffer.from(
      `{"type":"telemetry","epoch":${epoch},"seq":${seq},"event":{"id":"é\\u0041","timestamp":"12","data":{"x":1.0}}}`,
    ),
  );

test('members are what JSON.parse makes of them, whatever they were in the line before', () => {
  const epochs = [
    '"ab"',
    '"ab"',
    '"ac"',
    '"a"',
    '1',
    '12',
    'null',
    `"${'x'.repeat(70)}"`,
    `"${'x'.repeat(71)}"`,
    '"\\u00e9"',
  ];
  for (const epoch of epochs) expect(line(epoch)?.epoch).toEqual(JSON.parse(epoch));
  for (const seq of ['0', '42', '-1', '1.5', '1e3', '999999999999999', '9007199254740993', '"7"', '{}'])
    expect(line('1', seq)?.seq).toEqual(JSON.parse(seq));
});

test('an event is cut out as it was sent', () => {
  const read = line('"ab"');
  expect(read?.event).toEqual({ id: 'éA', timestamp: '12' });
  expect(Buffer.from(read?.eventBytes ?? []).toString()).toBe('{"id":"é\\u0041","timestamp":"12","data":{"x":1.0}}');
});
