/** Bytes as a hostile or broken client might send them: requests put together from right and wrong parts, pipelined, then damaged. */
import { Header } from '@runnel/protocol';
import fc from 'fast-check';

const method = fc.constantFrom(
  'GET',
  'GET',
  'POST',
  'POST',
  'POST',
  'DELETE',
  'HEAD',
  'PUT',
  'OPTIONS',
  'get',
  'G\u0000T',
  '',
);

const channel = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'lines', 'a%2Fb', '_changes') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '%',
      '%zz',
      '%00',
      '%ff',
      '..',
      '.',
      '',
      'x'.repeat(9000),
      '%E2%82',
      '__proto__',
      'constructor',
    ),
  },
);

const seq = fc.constantFrom(
  '0',
  '0',
  '1',
  '-1',
  '-2',
  '-5',
  'next',
  '+1',
  '1e3',
  '007',
  '9007199254740991',
  'NaN',
  '-',
  '0/0',
  '',
  '0?x=1',
);

const target = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(channel, seq).map(([name, place]) => `/${name}/${place}`) },
  { weight: 2, arbitrary: channel.map((name) => `/${name}`) },
  { weight: 1, arbitrary: fc.constantFrom('*', 'http://x/a/0', '//', '/\\a', '/a b/0', '/healthz', '/metrics') },
);

const header = fc.oneof(
  fc.constantFrom(
    `${Header.reset}: 1`,
    `${Header.expectContent}: application/jsonl`,
    'Content-Type: application/jsonl',
    'Content-Length: 5',
    'Content-Length: 99999999999',
    'Content-Length: -1',
    'Content-Length: 3, 4',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, gzip',
    'Transfer-Encoding: identity',
    'Expect: 100-continue',
    'Expect: nonsense',
    'Connection: close',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Host: h',
    ': no name',
    'no colon',
    ' folded: yes',
    'bad\u0000: x',
    `X-Long: ${'y'.repeat(20_000)}`,
  ),
  fc.integer({ min: 1, max: 300 }).map((count) => Array.from({ length: count }, (_, at) => `X-${at}: v`).join('\r\n')),
);

const chunk = fc.oneof(
  fc.string({ maxLength: 40 }).map((text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`),
  fc.constantFrom(
    '0\r\n\r\n',
    'zz\r\nx\r\n',
    'ffffffffffffffff\r\n',
    '-1\r\n',
    '5;ext=1\r\nhello\r\n',
    '5\r\nhel',
    '0\r\nTrailer: x\r\n\r\n',
    '1\nx\n',
  ),
);

const body = fc.oneof(
  fc.constant(''),
  fc.array(chunk, { maxLength: 6 }).map((chunks) => chunks.join('')),
  fc.constantFrom('hello', '{"a":1}\n', '\u0000\u0001\u0002', '{'.repeat(5000)),
);

const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'HTTQ/1.1');

/** Anything goes. */
const wild = fc
  .tuple(method, target, version, fc.array(header, { maxLength: 4 }), body)
  .map(([verb, path, http, headers, rest]) =>
    [`${verb} ${path} ${http}`, 'Host: fuzz', ...headers, '', rest].join('\r\n'),
  );

/** Framed as it should be, so that what stands behind it is reached. */
const framed = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'POST', 'DELETE', 'HEAD', 'PUT'),
    target,
    fc.array(fc.string(), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([verb, path, parts, chunked]) => {
    const bytes = parts.map((part) => Buffer.from(part).toString('latin1')).filter((part) => part !== '');
    const head = `${verb} ${path.replace(/[\s\\]/g, '')} HTTP/1.1\r\nHost: fuzz\r\n`;
    if (verb === 'GET' || verb === 'HEAD') return `${head}\r\n`;
    if (!chunked) return `${head}Content-Length: ${bytes.join('').length}\r\n\r\n${bytes.join('')}`;
    const chunks = bytes.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`;
  });

const request = fc.oneof({ weight: 3, arbitrary: framed }, { weight: 1, arbitrary: wild });

/** One damage: `at` and `length` are shares of the whole. */
const damage = fc.record({
  kind: fc.constantFrom('none', 'none', 'none', 'none', 'cut', 'flip', 'drop', 'double'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.double({ min: 0, max: 0.2, noNaN: true }),
});

export interface Conversation {
  readonly bytes: Buffer;
  /** Where the bytes are split into writes, as shares of the whole. */
  readonly splits: readonly number[];
  /** How the client leaves: with an end, or by breaking the connection. */
  readonly leaves: 'end' | 'destroy';
}

export const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    requests: fc.array(request, { minLength: 1, maxLength: 4 }),
    damage,
    splits: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    leaves: fc.constantFrom<'end' | 'destroy'>('end', 'end', 'destroy'),
  })
  .map(({ requests, damage: done, splits, leaves }) => ({
    bytes: damaged(Buffer.from(requests.join(''), 'latin1'), done),
    splits: [...splits].sort(),
    leaves,
  }));

function damaged(bytes: Buffer, how: { kind: string; at: number; length: number }): Buffer {
  const from = Math.floor(how.at * bytes.length);
  const to = Math.min(bytes.length, from + Math.ceil(how.length * bytes.length));
  if (how.kind === 'cut') return bytes.subarray(0, from);
  if (how.kind === 'drop') return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  if (how.kind === 'double') return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  if (how.kind === 'flip') return bytes.map((byte, at) => (at >= from && at < to ? byte ^ 0x20 : byte)) as Buffer;
  return bytes;
}
