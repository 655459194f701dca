/** A socket and what came out of it, for tests of what stands on the wire. */
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

export class RawClient {
  readonly socket: Socket;
  /** Everything received. */
  text = '';
  /** Whether the server has closed its side. */
  ended = false;
  /** Whether the connection is gone. */
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.text += text;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
    await until('connected', () => client.socket.readyState === 'open');
    return client;
  }

  /** Sends a request head: lines without their CRLF. */
  head(...lines: string[]): void {
    this.send(`${lines.join('\r\n')}\r\nHost: test\r\n\r\n`);
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  chunk(text: string): void {
    this.send(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
  }

  async until(part: string): Promise<void> {
    await until(`received ${JSON.stringify(part)}; there is ${JSON.stringify(this.text)}`, () =>
      this.text.includes(part),
    );
  }

  /** Forgets what was received and returns it. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
