import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { post } from './post.ts';

const small = { headers: new Headers(), body: Buffer.from('{}') };

/** A receiver on loopback that does with a connection's first bytes what it is told. */
async function receiver(onBytes: (connection: Socket, bytes: Buffer) => void) {
  const connections: Socket[] = [];
  const server = createServer((connection) => {
    connections.push(connection);
    connection.on('error', () => {});
    connection.once('data', (bytes) => onBytes(connection, bytes));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const connection of connections) connection.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, connections };
}

test('who changes to another protocol has given no answer', async () => {
  const { url } = await receiver((connection) =>
    connection.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  );
  const sent = post(url, small, new AbortController().signal);
  await expect(sent).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('without an answer'),
  });
});

test.each([
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
])('an answer is the one behind what precedes it: %j', async (answer) => {
  const { url } = await receiver((connection) => connection.write(answer));
  expect(await post(url, small, new AbortController().signal)).toMatchObject({ status: 200, text: 'ok' });
});

test('a connection is let go when its receiver answers, and does not take the rest of the body', async () => {
  const { url, connections } = await receiver((connection) => {
    connection.pause();
    connection.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig');
  });
  const request = { headers: new Headers(), body: Buffer.alloc(32 * 1024 * 1024) };
  expect(await post(url, request, new AbortController().signal)).toMatchObject({ status: 413, text: 'big' });
  const [connection] = connections as [Socket];
  const closed = once(connection, 'close');
  connection.resume();
  await closed;
  expect(connection.bytesRead).toBeLessThan(request.body.length);
});

test('the next goes over the same connection', async () => {
  const { url, connections } = await receiver((connection, first) => {
    const answer = (bytes: Buffer) =>
      bytes.toString().endsWith('{}') && connection.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    connection.on('data', answer);
    answer(first);
  });
  for (let n = 0; n < 5; n++) await post(url, small, new AbortController().signal);
  // Node closes one that was idle for five seconds, which a machine under load may be once.
  expect(connections.length).toBeLessThan(3);
});

test('a scheme is one in capitals as well', async () => {
  const { url } = await receiver((connection) => connection.destroy());
  const sent = post(url.replace('http:', 'HTTPS:'), small, new AbortController().signal);
  await expect(sent).rejects.toMatchObject({ kind: 'unavailable', message: expect.not.stringContaining('Protocol') });
});
