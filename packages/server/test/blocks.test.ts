/** Fast ingest at full speed: memory is used again, and never while somebody still reads it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { type Listening, listening } from './listening.ts';

const SEGMENT_BYTES = 16 << 20;

/** Bytes that no other segment has at the same place. */
const body = (seq: number) => Buffer.alloc(SEGMENT_BYTES, `${seq}: one line of this segment, of 43 bytes..\n`);

/** Writes a segment in one chunk and waits for the answer. */
async function write({ port }: Listening, seq: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST /c/${seq} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`);
  socket.write(`${SEGMENT_BYTES.toString(16)}\r\n`);
  socket.write(body(seq));
  socket.write('\r\n0\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
}

async function isWhole(answer: Response, seq: number): Promise<boolean> {
  return Buffer.from(await answer.arrayBuffer()).equals(body(seq));
}

it('what is read into is used again once its segment has gone, and a reader that is behind gets its own bytes', async () => {
  const server = await listening({
    fastIngest: true,
    channels: [{ name: 'c', mime: 'text/plain' }],
    keepBytes: 1.5 * SEGMENT_BYTES,
  });
  const read = (seq: number) => fetch(`${server.url}c/${seq}`);
  const waiting = read(0);
  await server.attached(1, 0);
  await write(server, 0);
  const behind = await waiting;
  await write(server, 1);
  const { body: stream } = await server.trickle.fetch(new Request('http://in.process/c/1'));
  const handedOut: Uint8Array[] = [];
  for await (const bytes of stream as unknown as AsyncIterable<Uint8Array>) handedOut.push(bytes);
  for (let seq = 2; seq < 5; seq++) {
    await write(server, seq);
    expect(await isWhole(await read(seq), seq)).toBe(true);
  }
  // Segments have come and gone: their memory is there for the next, and was for the last.
  expect(await server.metric('spare_bytes')).toBeGreaterThan(0);
  expect(await isWhole(behind, 0)).toBe(true);
  expect(Buffer.concat(handedOut).equals(body(1))).toBe(true);
  expect(await server.trickle.delete('c')).toBe(true);
  expect(await server.metric('spare_bytes')).toBe(0);
});
