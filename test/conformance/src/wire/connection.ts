/** A TCP (or TLS) connection to the server, on which requests follow one another as the case says. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AnswerParser } from './answer-parser.ts';
import { toBuffer } from './bytes.ts';
import { AT_ONCE_MS, type Ending, Exchange } from './exchange.ts';

export interface WireRequest {
  readonly method: string;
  /** The path and query as they go onto the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How the body is framed: in chunks, by a Content-Length, or there is none. */
  readonly body: 'chunked' | number | 'none';
}

export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  #parser: AnswerParser | undefined;
  #exchange: SocketExchange | undefined;
  #early: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#arrived(bytes));
    socket.on('end', () => this.#over('ended'));
    socket.on('error', () => this.#over('was reset'));
    socket.on('close', () => this.#over('was reset'));
  }

  /** Resolves when the connection stands. The caller destroys it. */
  static async to(url: URL): Promise<Connection> {
    const secure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port || (secure ? 443 : 80));
    const options = { host, port, allowHalfOpen: true };
    const socket = secure
      ? connectTls({ ...options, servername: host, rejectUnauthorized: false })
      : connectTcp(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once(secure ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
    socket.setTimeout(AT_ONCE_MS, () => socket.destroy(new Error(`no connection to ${url.host} in ${AT_ONCE_MS} ms`)));
    await promise;
    socket.setTimeout(0);
    return new Connection(socket, url.host);
  }

  /** Sends the head of a request. The answer to the request before it must be complete. */
  request(request: WireRequest): SocketExchange {
    const exchange = this.#expect(request);
    this.write(headOf(request, this.#host));
    return exchange;
  }

  /** The answer to a request that was written as bytes, after the answers before it. */
  awaitAnswer(method: string, path: string): SocketExchange {
    return this.#expect({ method, path, headers: {}, body: 'none' });
  }

  #expect(request: WireRequest): SocketExchange {
    const exchange = new SocketExchange(this, request);
    this.#parser = new AnswerParser(exchange, request.method);
    this.#exchange = exchange;
    const early = this.#early;
    this.#early = Buffer.alloc(0);
    if (early.length > 0) this.#arrived(early);
    if (this.#socket.destroyed || this.#socket.readableEnded) exchange.gotEnding('ended');
    return exchange;
  }

  /** Writes bytes as they are, whatever they mean. */
  write(bytes: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Says that nothing more will be written, and goes on reading. */
  halfClose(): void {
    this.#socket.end();
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #arrived(bytes: Buffer): void {
    if (this.#parser === undefined) {
      this.#early = Buffer.concat([this.#early, bytes]);
      return;
    }
    try {
      const left = this.#parser.push(bytes);
      if (left === undefined) return;
      this.#parser = undefined;
      this.#early = left;
    } catch (error) {
      this.#over(`sent nonsense: ${error instanceof Error ? error.message : error}`);
      this.destroy();
    }
  }

  #over(ending: Ending): void {
    if (ending === 'ended') this.#parser?.finish();
    this.#exchange?.gotEnding(ending);
  }
}

/** One request on a connection. */
export class SocketExchange extends Exchange {
  override readonly framed = true;
  readonly connection: Connection;
  readonly #chunked: boolean;

  constructor(connection: Connection, request: WireRequest) {
    super(`${request.method} ${request.path}`);
    this.connection = connection;
    this.#chunked = request.body === 'chunked';
  }

  override send(bytes: string | Uint8Array): void {
    const piece = toBuffer(bytes);
    if (piece.length === 0) return;
    this.connection.write(
      this.#chunked
        ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
        : piece,
    );
  }

  override end(): void {
    if (this.#chunked) this.connection.write('0\r\n\r\n');
  }

  override abort(): void {
    this.connection.destroy();
  }

  override pause(paused: boolean): void {
    this.connection.pause(paused);
  }
}

function headOf(request: WireRequest, host: string): string {
  const lines = [`${request.method} ${request.path} HTTP/1.1`, `Host: ${host}`];
  if (request.body === 'chunked') lines.push('Transfer-Encoding: chunked');
  if (typeof request.body === 'number') lines.push(`Content-Length: ${request.body}`);
  for (const [name, value] of Object.entries(request.headers)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
