import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Header, type TrickleError } from '@runnel/protocol';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { selfSigned } from '../test/certificate.ts';
import { proxy } from '../test/proxy.ts';
import { type Exchange, scripted, until } from '../test/scripted-server.ts';
import { createPublisher, nodeTransport, subscribe, type Transport } from './index.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: TrickleError) => error.code,
  );

/** A channel of one segment, over TLS. */
async function secure(): Promise<{ url: string; cert: string; got: string[] }> {
  const { key, cert } = selfSigned();
  const got: string[] = [];
  const server = https.createServer({ key, cert }, (req, res) => {
    got.push(`${req.method} ${req.url}`);
    if (req.url === '/c/next') res.writeHead(200, { [Header.latest]: '0' }).end('0');
    else if (req.url === '/c/0' && req.method === 'GET') res.writeHead(200, { [Header.seq]: '0' }).end('hello');
    else if (req.method === 'GET') res.writeHead(200, { [Header.closed]: 'terminated' }).end();
    else req.resume().on('end', () => res.end());
    req.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/c`, cert, got };
}

async function firstSegment(url: string, transport: Transport): Promise<string | undefined> {
  const subscription = subscribe(url, { transport, from: 0, retries: 0 });
  for await (const segment of subscription) {
    let text = '';
    for await (const chunk of segment) text += new TextDecoder().decode(chunk);
    return text;
  }
  return subscription.error?.code;
}

async function publishOne(url: string, transport: Transport) {
  const publisher = createPublisher(url, { transport });
  const segment = await publisher.open();
  segment.write(new TextEncoder().encode('hello'));
  await segment.end();
  return publisher.close();
}

describe('TLS', () => {
  test('a certificate that nobody vouches for is refused', async () => {
    const { url, got } = await secure();
    expect(await firstSegment(url, nodeTransport())).toBe('unreachable');
    expect(await codeOf(createPublisher(url, { transport: nodeTransport() }).open())).toBe('unreachable');
    expect(got).toEqual([]);
  });

  test.each([
    ['with its certificate in `ca`', (cert: string) => nodeTransport({ ca: cert })],
    [
      'with its certificate among others, as bytes',
      (cert: string) => nodeTransport({ ca: [selfSigned().cert, Buffer.from(cert)] }),
    ],
    ['with `rejectUnauthorized` false', () => nodeTransport({ rejectUnauthorized: false })],
  ])('%s a server is read and written', async (_, make) => {
    const { url, cert, got } = await secure();
    expect(await firstSegment(url, make(cert))).toBe('hello');
    expect(await publishOne(url, make(cert))).toMatchObject({ segmentsAcknowledged: 1, deleted: true });
    expect(got).toContain('POST /c/0');
  });
});

describe('proxies', () => {
  const channel = () =>
    scripted(async (exchange) => {
      if (exchange.part === 'next') exchange.answer(200, { [Header.latest]: '0' });
      else if (exchange.method === 'GET') exchange.answer(200, { [Header.seq]: exchange.part }, 'hello');
      else await exchange.body().then(() => exchange.answer(200));
    });

  /** A transport made while the environment names this proxy. */
  function transportWith(env: Record<string, string>, options: Parameters<typeof nodeTransport>[0] = {}): Transport {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    return nodeTransport(options);
  }

  test('HTTP_PROXY takes plain requests, and a preconnect goes through it before its body', async () => {
    const [{ url }, through] = [await channel(), await proxy()];
    const transport = transportWith({ HTTP_PROXY: through.url, NO_PROXY: '' });
    expect(await firstSegment(url, transport)).toBe('hello');
    const publisher = createPublisher(url, { transport });
    const segment = await publisher.open();
    await until(() => through.log.includes(`POST ${url}/1`));
    await segment.end();
    await publisher.close();
    expect(through.log).toContain(`POST ${url}/0`);
  });

  test('HTTPS_PROXY tunnels', async () => {
    const [{ url, cert }, through] = [await secure(), await proxy()];
    const transport = transportWith({ HTTPS_PROXY: through.url, NO_PROXY: '' }, { ca: cert });
    expect(await firstSegment(url, transport)).toBe('hello');
    expect(await publishOne(url, transport)).toMatchObject({ segmentsAcknowledged: 1 });
    expect(through.log).toContain(`CONNECT ${new URL(url).host}`);
  });

  test.each([
    ['NO_PROXY', { NO_PROXY: '127.0.0.1' }, {}],
    ['proxyFromEnv false', { NO_PROXY: '' }, { proxyFromEnv: false }],
  ])('%s goes straight', async (_, env, options) => {
    const [{ url }, through] = [await channel(), await proxy()];
    const transport = transportWith({ HTTP_PROXY: through.url, ...env }, options);
    expect(await firstSegment(url, transport)).toBe('hello');
    expect(through.log).toEqual([]);
  });
});

describe('connections', () => {
  test('are used again, after refusals too', async () => {
    const sockets = new Set<unknown>();
    let misses = 3;
    const { url } = await scripted(({ req, answer, part }: Exchange) => {
      sockets.add(req.socket);
      if (part === '0' && misses-- > 0)
        answer(470, { [Header.latest]: '0', 'Content-Length': 16 }, 'Entry not found\n');
      else if (part === '0') answer(200, { [Header.seq]: '0' }, 'hello');
      else answer(200, { [Header.closed]: 'terminated' });
    });
    expect(await firstSegment(url, nodeTransport())).toBe('hello');
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  test('headers that HTTP does not allow are an error of the caller', async () => {
    const transport = nodeTransport();
    const headers = { 'X-Name': 'line\nbreak' };
    expect(await codeOf(transport.get('http://127.0.0.1:1/c', { headers }))).toBe('invalid');
    expect(await codeOf(transport.post('http://127.0.0.1:1/c', { headers }).answer)).toBe('invalid');
  });

  test('an upload that is answered before its end is dropped, so that its connection is not kept for ever', async () => {
    const server = await scripted(({ answer }) => answer(409, { 'Content-Length': 0 }));
    const upload = nodeTransport().post(`${server.url}/0`, {});
    expect((await upload.answer).status).toBe(409);
    const { req } = await server.seen('POST 0');
    await until(() => req.socket.destroyed);
  });

  test('an upload whose server reads nothing says when to wait, and wakes the one who waits when it breaks', async () => {
    const server = await scripted(({ req }) => req.pause());
    const upload = nodeTransport().post(`${server.url}/0`, {});
    await upload.connected;
    while (upload.write(new Uint8Array(65_536)));
    const drained = upload.drained();
    upload.abort();
    await drained;
    expect(await codeOf(upload.answer)).toBe('aborted');
  });
});
