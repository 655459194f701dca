/** What is no HTTP is answered 400 and closed. A body that breaks off in malformed chunking was a writer that died; its request hears of it by itself. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Core, LAST_WORDS_MS } from './core.ts';

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** The connection broke, or ended in the middle of a request: nobody sent anything malformed. A writer that died so is counted as that. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'HPE_INVALID_EOF_STATE']);

/** Makes the listener for the `clientError` event of a Node server. It is called again for each further piece of what is no HTTP. */
export function malformedAnswerer(core: Core): (error: NodeJS.ErrnoException, socket: Duplex) => void {
  const answered = new WeakSet<Duplex>();
  return (error, socket) => {
    if (answered.has(socket)) return;
    answered.add(socket);
    if (!BROKEN.has(error.code ?? '')) core.counters.refusals.add('malformed');
    const { _httpMessage: current } = socket as Duplex & { _httpMessage?: ServerResponse };
    if (!socket.writable || current?.headersSent) {
      socket.destroy();
      return;
    }
    const status = STATUS[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.once(
      'close',
      core.clock.after(LAST_WORDS_MS, () => socket.destroy()),
    );
  };
}
