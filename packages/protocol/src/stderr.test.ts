import { expect, it } from 'vitest';
import { readStderrLine } from './index.ts';

it('EGRESS 4.18: finds messages among ordinary lines, whatever these are', () => {
  const json = '{"type":"telemetry","event":{"data":{"fps":1.0}}}';
  const lines = ['loading', '', `TELEMETRY:${json}`, ' TELEMETRY:{}', `TELEMETRY: ${json}\r`, 'TELEMETRY'];
  expect(lines.map((line) => readStderrLine(line).kind)).toStrictEqual([
    'ordinary',
    'ordinary',
    'message',
    'ordinary',
    'message',
    'ordinary',
  ]);
  expect(readStderrLine(`TELEMETRY:${json}`)).toStrictEqual({ kind: 'message', json, value: JSON.parse(json) });
});

it.each(['TELEMETRY:', 'TELEMETRY:{"cut":', 'TELEMETRY:[]', 'TELEMETRY:null'])(
  'EGRESS 4.18: %j is an error',
  (line) => {
    expect(readStderrLine(line)).toMatchObject({ kind: 'error', text: expect.stringContaining('not a JSON object') });
  },
);

it('EGRESS 4.18: passes on what the runner says it could not write', () => {
  expect(readStderrLine('TELEMETRY_ERROR: oversize: frame')).toStrictEqual({ kind: 'error', text: 'oversize: frame' });
});
