import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Header, TrickleError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Exchange, type Script, scripted, until } from '../test/scripted-server.ts';
import { watched } from '../test/watched-transport.ts';
import { createPublisher, type Publisher, type PublisherOptions } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A server that does all right, with the head given; `special` goes first and says whether it has answered. */
const rightWith = (
  head: number,
  special: (exchange: Exchange) => unknown = () => false,
  life: Record<string, string> = {},
): Script =>
  async function script(exchange) {
    if ((await special(exchange)) !== false) return;
    const { method, part } = exchange;
    if (part === 'next') exchange.answer(200, { [Header.latest]: String(head), ...life }, String(head));
    else if (method !== 'POST' || part === '') exchange.answer(200);
    else {
      await exchange.body();
      exchange.answer(200, { [Header.seq]: part });
    }
  };

function publisherOf(url: string, options: PublisherOptions = {}): Publisher {
  const publisher = createPublisher(url, options);
  onTestFinished(() => publisher.close({ deadlineMs: 0, deleteChannel: false }).then(() => {}));
  return publisher;
}

async function publish(publisher: Publisher, text: string): Promise<number> {
  const segment = await publisher.open();
  segment.write(bytes(text));
  await segment.end();
  return segment.seq;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: TrickleError) => error.code,
  );

describe('where it begins', () => {
  test('TRICKLE 79: it asks for the head before its first POST, begins there, and sends Reset with that POST alone', async () => {
    const server = await scripted(rightWith(7));
    const publisher = publisherOf(server.url);
    expect(await publish(publisher, 'a')).toBe(7);
    expect(await publish(publisher, 'b')).toBe(8);
    const [next, first, second, third] = await Promise.all(
      ['GET next', 'POST 7', 'POST 8', 'POST 9'].map((line) => server.seen(line)),
    );
    expect(server.exchanges.indexOf(next as Exchange)).toBe(0);
    expect(first?.headers[Header.reset.toLowerCase()]).toBe('1');
    expect(second?.headers).not.toHaveProperty(Header.reset.toLowerCase());
    expect(third?.headers).not.toHaveProperty(Header.reset.toLowerCase());
    expect([first?.received(), second?.received()]).toEqual(['a', 'b']);
  });

  test('TRICKLE 79: on a fresh channel it begins at 0 without Reset', async () => {
    const server = await scripted(rightWith(0));
    expect(await publish(publisherOf(server.url), 'a')).toBe(0);
    expect((await server.seen('POST 0')).headers).not.toHaveProperty(Header.reset.toLowerCase());
  });

  test.each([
    ['is answered 400, as by servers that do not know it', (exchange: Exchange) => exchange.answer(400)],
    ['is answered without a head', (exchange: Exchange) => exchange.answer(200, {}, 'hello')],
    [
      'is answered with a head that is no number',
      (exchange: Exchange) => exchange.answer(200, { [Header.latest]: 'x' }),
    ],
    ['is answered 500', (exchange: Exchange) => exchange.answer(500)],
    ['gets no answer', (exchange: Exchange) => exchange.cut()],
  ])('TRICKLE 79: it falls back to 0, without Reset, where the question for the head %s', async (_, answer) => {
    const server = await scripted(rightWith(0, (exchange) => (exchange.part === 'next' ? answer(exchange) : false)));
    expect(await publish(publisherOf(server.url), 'a')).toBe(0);
    expect((await server.seen('POST 0')).headers).not.toHaveProperty(Header.reset.toLowerCase());
  });

  test('the question for the head is asked once more when its connection breaks', async () => {
    let breaks = 1;
    const server = await scripted(rightWith(7, ({ part, cut }) => part === 'next' && breaks-- > 0 && cut()));
    expect(await publish(publisherOf(server.url), 'a')).toBe(7);
  });

  test('PROTOCOL 9: 409 moves it to the head', async () => {
    const server = await scripted(
      rightWith(3, (exchange) => exchange.part === '3' && exchange.answer(409, { [Header.latest]: '12' })),
    );
    const publisher = publisherOf(server.url);
    const late = await publisher.open();
    expect((await late.settled)?.code).toBe('conflict');
    expect(late.writable).toBe(false);
    expect(await publish(publisher, 'a')).toBe(12);
  });

  test('it creates its channel first where asked, with its media type, and a 404 to that is no error', async () => {
    const server = await scripted(rightWith(0, (exchange) => exchange.part === '' && exchange.answer(404)));
    await publish(publisherOf(server.url, { create: true, mime: 'text/plain' }), 'a');
    expect(server.log.slice(0, 3)).toEqual(['POST ', 'GET next', 'POST 0']);
    expect(server.exchanges[0]?.headers[Header.expectContent.toLowerCase()]).toBe('text/plain');
    expect(server.exchanges[2]?.headers['content-type']).toBe('text/plain');
  });

  test('a channel that it may not create and that nobody has made is not written to', async () => {
    const server = await scripted(rightWith(0, ({ part, answer }) => (part === '' || part === 'next') && answer(404)));
    const publisher = publisherOf(server.url, { create: true });
    expect(await codeOf(publisher.open())).toBe('not_found');
    expect(publisher.ended?.code).toBe('not_found');
    expect(server.log).toEqual(['POST ', 'GET next']);
  });

  test('a refusal of the create is an error that may be tried again', async () => {
    let refusals = 1;
    const server = await scripted(
      rightWith(0, (exchange) => exchange.part === '' && refusals-- > 0 && exchange.answer(403)),
    );
    const publisher = publisherOf(server.url, { create: true });
    expect(await codeOf(publisher.open())).toBe('refused');
    expect(await publish(publisher, 'a')).toBe(0);
  });

  test('headers of the caller go with every request; a function is asked for each', async () => {
    let asked = 0;
    const server = await scripted(rightWith(0));
    await publish(publisherOf(server.url, { headers: async () => ({ Authorization: `t${++asked}` }) }), 'a');
    await server.seen('POST 1');
    expect(server.exchanges.map(({ headers }) => headers.authorization).sort()).toEqual(['t1', 't2', 't3']);
  });

  test.each(['nonsense', 'ftp://host/c', ''])('%j is no channel URL', (url) => {
    expect(() => createPublisher(url)).toThrow(TrickleError);
  });
});

describe('preconnects', () => {
  test('PROTOCOL 9: the head of the next POST is on the wire before any byte of its body', async () => {
    const heads: string[] = [];
    const server = net.createServer((socket) => {
      let text = '';
      socket.on('data', (data) => {
        text += data.toString('latin1');
        if (text.startsWith('GET '))
          socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        else if (text.endsWith('\r\n\r\n') && !heads.includes(text)) heads.push(text);
      });
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const publisher = publisherOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}/c`);
    await publisher.open();
    await until(() => heads.length === 2);
    expect(heads.map((head) => head.split('\r\n')[0]).sort()).toEqual(['POST /c/0 HTTP/1.1', 'POST /c/1 HTTP/1.1']);
    for (const head of heads) expect(head).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
  });

  test('the next segment flows in the POST that was connected before', async () => {
    const server = await scripted(rightWith(0));
    const publisher = publisherOf(server.url);
    await publish(publisher, 'a');
    await server.seen('POST 1');
    await publish(publisher, 'b');
    await server.seen('POST 2');
    expect(server.log).toEqual(['GET next', 'POST 0', 'POST 1', 'POST 2']);
  });

  test('TRICKLE 81: a preconnect that is cut while it is idle is made again when it is needed, from where the head is now', async () => {
    const server = await scripted(rightWith(5));
    const transport = watched();
    const publisher = publisherOf(server.url, { transport });
    await publish(publisher, 'a');
    (await server.seen('POST 6')).cut();
    await transport.broken(1);
    expect(await publish(publisher, 'b')).toBe(5);
    expect(server.log.filter((line) => line === 'GET next')).toHaveLength(2);
  });

  test('a server that restarts while the publisher is idle is found again', async () => {
    const server = await scripted(rightWith(0));
    const transport = watched();
    const publisher = publisherOf(server.url, { transport });
    await publish(publisher, 'a');
    await server.seen('POST 1');
    await server.kill();
    await transport.broken(1);
    expect(await codeOf(publisher.open())).toBe('unreachable');
    await server.revive();
    expect(await publish(publisher, 'b')).toBe(0);
    expect(publisher.stats).toMatchObject({ segmentsAcknowledged: 2, bytesUnacknowledged: 0 });
  });

  test('another epoch sends it to the head of the new life', async () => {
    let head = 4;
    let epoch = 'aaaaaaaa';
    const server = await scripted(
      rightWith(0, async (exchange) => {
        const { part } = exchange;
        if (part !== 'next') await exchange.body();
        exchange.answer(200, { [Header.latest]: String(head), [Header.epoch]: epoch });
      }),
    );
    const publisher = publisherOf(server.url);
    expect(await publish(publisher, 'a')).toBe(4);
    [head, epoch] = [1, 'bbbbbbbb'];
    expect(await publish(publisher, 'b')).toBe(5);
    expect(await publish(publisher, 'c')).toBe(1);
    expect(publisher.epoch).toBe('bbbbbbbb');
    expect(publisher.stats.epochs).toBe(1);
  });
});

describe('failures', () => {
  test.each([
    ['404', 404, {}, 'not_found'],
    ['404 with Closed', 404, { [Header.closed]: 'terminated' }, 'closed'],
    ['200 with Closed', 200, { [Header.closed]: 'terminated' }, 'closed'],
    ['503 with Closed', 503, { [Header.closed]: 'terminated' }, 'closed'],
  ] as const)(
    'TRICKLE 80: %s is terminal, and what was not acknowledged is reported',
    async (_, status, headers, code) => {
      const server = await scripted(
        rightWith(0, async (exchange) => {
          if (exchange.part !== '0') return false;
          await exchange.bytes(5);
          return exchange.answer(status, { ...headers, Connection: 'close' });
        }),
      );
      const publisher = publisherOf(server.url);
      const segment = await publisher.open();
      segment.write(bytes('hello'));
      expect((await segment.settled)?.code).toBe(code);
      expect(publisher.ended?.code).toBe(code);
      expect(await codeOf(publisher.open())).toBe(code);
      expect(publisher.stats).toMatchObject({
        segmentsUnacknowledged: 1,
        bytesUnacknowledged: 5,
        bytesAcknowledged: 0,
      });
      segment.write(bytes('late'));
      expect(publisher.stats.bytesLate).toBe(4);
    },
  );

  test('TRICKLE 80: an idle publisher whose preconnect is answered Closed knows that the channel has ended', async () => {
    const server = await scripted(
      rightWith(0, (exchange) => exchange.part === '1' && exchange.answer(200, { [Header.closed]: 'terminated' })),
    );
    const publisher = publisherOf(server.url);
    await publish(publisher, 'a');
    await until(() => publisher.ended !== undefined);
    expect(publisher.ended?.code).toBe('closed');
  });

  test('TRICKLE 81: a segment that breaks before any byte of it is tried once more on the same seq, whole', async () => {
    let breaks = 1;
    const server = await scripted(rightWith(0, (exchange) => exchange.part === '0' && breaks-- > 0 && exchange.cut()));
    const transport = watched();
    const publisher = publisherOf(server.url, { transport });
    const segment = await publisher.open();
    await transport.broken(0);
    expect(segment.write(bytes('he'))).toBe(false);
    segment.write(bytes('llo'));
    await segment.drained();
    await segment.end();
    expect((await server.seen('POST 0', 2)).received()).toBe('hello');
    expect(publisher.stats).toMatchObject({ retries: 1, segmentsAcknowledged: 1, bytesAcknowledged: 5 });
  });

  test('TRICKLE 81: it is not tried a third time', async () => {
    const server = await scripted(rightWith(0, (exchange) => exchange.part === '0' && exchange.cut()));
    const publisher = publisherOf(server.url);
    const segment = await publisher.open();
    expect(await codeOf(segment.end())).toBe('unreachable');
    expect(server.log.filter((line) => line === 'POST 0')).toHaveLength(2);
  });

  test('TRICKLE 81: after a byte was taken it is never sent again; the bytes are reported and the next segment goes on', async () => {
    const server = await scripted(
      rightWith(0, async (exchange) => {
        if (exchange.part === 'next')
          return exchange.answer(200, { [Header.latest]: server.log.length > 1 ? '1' : '0' });
        if (exchange.part !== '0') return false;
        await exchange.bytes(4);
        return exchange.cut();
      }),
    );
    const publisher = publisherOf(server.url);
    const segment = await publisher.open();
    segment.write(bytes('half'));
    expect((await segment.settled)?.code).toBe('unreachable');
    expect(await publish(publisher, 'b')).toBe(1);
    expect(server.log.filter((line) => line === 'POST 0')).toHaveLength(1);
    expect(publisher.stats).toMatchObject({ bytesUnacknowledged: 4, bytesAcknowledged: 1, retries: 0 });
  });

  test('PROTOCOL 3.2: a segment that the server ends under its writer counts what comes late, and the next one goes on', async () => {
    const server = await scripted(
      rightWith(0, async (exchange) => {
        if (exchange.part !== '0') return false;
        await exchange.bytes(4);
        return exchange.answer(200, { [Header.seq]: '0', Connection: 'close' });
      }),
    );
    const publisher = publisherOf(server.url);
    const segment = await publisher.open();
    segment.write(bytes('half'));
    expect((await segment.settled)?.code).toBe('conflict');
    expect(segment.writable).toBe(false);
    expect(segment.write(bytes('lost'))).toBe(true);
    await segment.drained();
    expect(await publish(publisher, 'b')).toBe(1);
    expect(publisher.stats).toMatchObject({ bytesLate: 4, bytesUnacknowledged: 4, bytesAcknowledged: 1 });
  });

  test('503 refuses the segment, not the publisher', async () => {
    let stopping = true;
    const server = await scripted(rightWith(0, (exchange) => stopping && exchange.answer(503, { 'Retry-After': '1' })));
    const publisher = publisherOf(server.url);
    expect(await codeOf(publisher.open())).toBe('refused');
    stopping = false;
    expect(await publish(publisher, 'a')).toBe(0);
    expect(publisher.ended).toBe(undefined);
  });

  test('a publisher asks again within a second, whatever Retry-After says: what it has to say does not keep', async () => {
    const clock = new ManualClock();
    let stopping = true;
    const server = await scripted(rightWith(0, (exchange) => stopping && exchange.answer(503, { 'Retry-After': '7' })));
    const publisher = publisherOf(server.url, { clock });
    expect(await codeOf(publisher.open())).toBe('refused');
    stopping = false;
    const opened = publisher.open();
    await until(() => clock.pending === 1);
    clock.advance(1_000);
    expect((await opened).seq).toBe(0);
  });

  test('that the channel has ended is known without a further write', async () => {
    let end = () => {};
    const closed = new Promise<void>((resolve) => (end = resolve));
    const server = await scripted(
      rightWith(0, async (exchange) => {
        if (exchange.part !== '1') return false;
        await closed;
        return exchange.answer(404, { [Header.closed]: 'terminated', Connection: 'close' });
      }),
    );
    const publisher = publisherOf(server.url);
    await publish(publisher, 'a');
    await server.seen('POST 1');
    expect(publisher.ended).toBe(undefined);
    end();
    expect((await publisher.over).code).toBe('closed');
    expect(publisher.ended?.code).toBe('closed');
  });

  test('an answer that is no HTTP is an error, and the next segment goes on', async () => {
    let garbage = true;
    const server = await scripted(
      rightWith(
        0,
        (exchange) => garbage && exchange.part === '0' && exchange.res.socket?.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
      ),
    );
    const publisher = publisherOf(server.url);
    const segment = await publisher.open();
    expect(await codeOf(segment.end())).toBe('unreachable');
    garbage = false;
    expect(await publish(publisher, 'a')).toBe(0);
  });

  test('a server that is down is an error at once', async () => {
    const server = await scripted(rightWith(0));
    await server.kill();
    expect(await codeOf(publisherOf(server.url).open())).toBe('unreachable');
  });

  test('a server that accepts and never answers is given up after 10 s', async () => {
    const clock = new ManualClock();
    const server = await scripted(() => {});
    const publisher = publisherOf(server.url, { clock, create: true });
    const opened = codeOf(publisher.open());
    await server.seen('POST ');
    clock.advance(10_000);
    expect(await opened).toBe('unreachable');
  });

  test('an ended segment that is never acknowledged fails after 30 s', async () => {
    const clock = new ManualClock();
    const server = await scripted(rightWith(0, (exchange) => exchange.method === 'POST'));
    const publisher = publisherOf(server.url, { clock });
    const segment = await publisher.open();
    segment.write(bytes('hello'));
    const ended = codeOf(segment.end());
    await (await server.seen('POST 0')).bytes(5);
    clock.advance(29_999);
    expect(publisher.stats.segmentsUnacknowledged).toBe(0);
    clock.advance(1);
    expect(await ended).toBe('unreachable');
    expect(publisher.stats.bytesUnacknowledged).toBe(5);
  });

  test.each([
    ['at most eight ended segments wait for their acknowledgement', 8, { [Header.epoch]: '0a1b2c3d' }],
    ['on a server without epochs two do, so that the five places of a Go server are enough', 2, {}],
  ])('%s; the next open waits', async (_, most, life: Record<string, string>) => {
    const server = await scripted(rightWith(0, (exchange) => exchange.method === 'POST', life));
    const publisher = publisherOf(server.url);
    for (let seq = 0; seq < most; seq++) (await publisher.open()).end().catch(() => {});
    let opened = false;
    const next = publisher.open().then((segment) => {
      opened = true;
      return segment.seq;
    });
    await server.seen(`POST ${most}`);
    expect(opened).toBe(false);
    (await server.seen('POST 1')).answer(200, { [Header.seq]: '1' });
    expect(await next).toBe(most);
  });

  test('after failures in a row it waits before it tries again, on its clock', async () => {
    const clock = new ManualClock();
    const server = await scripted(rightWith(0, (exchange) => exchange.answer(503)));
    const publisher = publisherOf(server.url, { clock });
    expect(await codeOf(publisher.open())).toBe('refused');
    const asked = server.log.length;
    const again = codeOf(publisher.open());
    await until(() => clock.pending === 1);
    expect(server.log).toHaveLength(asked);
    clock.advance(100);
    expect(await again).toBe('refused');
    expect(server.log.length).toBeGreaterThan(asked);
  });

  test('however long the server was away, a try comes within a second of its return', async () => {
    const clock = new ManualClock();
    const server = await scripted(rightWith(0, (exchange) => exchange.answer(503)));
    const publisher = publisherOf(server.url, { clock });
    expect(await codeOf(publisher.open())).toBe('refused');
    for (let tries = 0; tries < 10; tries++) {
      const again = codeOf(publisher.open());
      await until(() => clock.pending === 1);
      clock.advance(1_000);
      expect(await again).toBe('refused');
    }
  });

  test('once a segment flows again, the next is opened without a wait, acknowledged or not', async () => {
    const clock = new ManualClock();
    let stopping = true;
    const server = await scripted(
      rightWith(0, (exchange) => (stopping ? exchange.answer(503) : exchange.method === 'POST')),
    );
    const publisher = publisherOf(server.url, { clock });
    expect(await codeOf(publisher.open())).toBe('refused');
    stopping = false;
    const opened = publisher.open();
    await until(() => clock.pending === 1);
    clock.advance(100);
    const segment = await opened;
    segment.write(bytes('backlog'));
    segment.end().catch(() => {});
    expect((await publisher.open()).seq).toBe(1);
    expect(publisher.stats.segmentsAcknowledged).toBe(0);
  });

  test('the signal ends it at once', async () => {
    const controller = new AbortController();
    const server = await scripted(rightWith(0, (exchange) => exchange.method === 'POST'));
    const publisher = publisherOf(server.url, { signal: controller.signal });
    const segment = await publisher.open();
    segment.write(bytes('hello'));
    const { req } = await server.seen('POST 0');
    controller.abort('enough');
    const error = await segment.settled;
    expect([error?.code, error?.cause]).toEqual(['aborted', 'enough']);
    expect(await codeOf(publisher.open())).toBe('aborted');
    await until(() => req.destroyed);
  });
});

describe('close', () => {
  test('TRICKLE 82: it deletes the channel only after its segments are acknowledged, and its preconnect is gone by then', async () => {
    const order: string[] = [];
    let acknowledge = () => {};
    const server = await scripted(
      rightWith(0, async (exchange) => {
        if (exchange.method === 'DELETE') order.push('deleted');
        if (exchange.part === '1') exchange.res.once('close', () => order.push('preconnect gone'));
        if (exchange.part !== '0') return false;
        await exchange.body();
        await new Promise<void>((resolve) => {
          acknowledge = resolve;
        });
        order.push('acknowledged');
        return exchange.answer(200, { [Header.seq]: '0' });
      }),
    );
    const publisher = publisherOf(server.url);
    const segment = await publisher.open();
    segment.write(bytes('hello'));
    await server.seen('POST 1');
    const closed = publisher.close();
    await (await server.seen('POST 0')).body();
    expect(server.log).not.toContain('DELETE ');
    acknowledge();
    expect(await closed).toMatchObject({ segmentsAcknowledged: 1, bytesAcknowledged: 5, deleted: true });
    await until(() => order.length === 3);
    expect(order[0]).toBe('acknowledged');
    expect(order).toContain('deleted');
  });

  test('TRICKLE 82: the wait is bounded, and what was not acknowledged is in the figures', async () => {
    const clock = new ManualClock();
    const server = await scripted(rightWith(0, (exchange) => exchange.method === 'POST'));
    const publisher = publisherOf(server.url, { clock });
    (await publisher.open()).write(bytes('hello'));
    await (await server.seen('POST 0')).bytes(5);
    const closed = publisher.close({ deadlineMs: 3_000 });
    clock.advance(3_000);
    expect(await closed).toMatchObject({ segmentsUnacknowledged: 1, bytesUnacknowledged: 5, deleted: true });
    expect(await codeOf(publisher.open())).toBe('aborted');
  });

  test('deleteChannel false leaves the channel', async () => {
    const server = await scripted(rightWith(0));
    const publisher = publisherOf(server.url);
    await publish(publisher, 'a');
    expect((await publisher.close({ deleteChannel: false })).deleted).toBe(false);
    expect(server.log).not.toContain('DELETE ');
  });

  test('a server that is away does not keep it', async () => {
    const server = await scripted(rightWith(0));
    const publisher = publisherOf(server.url);
    await publish(publisher, 'a');
    await server.kill();
    expect((await publisher.close()).deleted).toBe(false);
  });
});
