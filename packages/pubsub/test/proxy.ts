/** An HTTP proxy on loopback: forwards plain requests, tunnels the rest. */
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Listens until the test is over. `log` has the request line of what went through it. */
export async function proxy(): Promise<{ url: string; log: string[] }> {
  const log: string[] = [];
  const server = http.createServer((req, res) => {
    log.push(`${req.method} ${req.url}`);
    const onward = http.request(String(req.url), { method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      res.flushHeaders();
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy()).flushHeaders();
    req.on('error', () => onward.destroy()).pipe(onward);
  });
  server.on('connect', (req, socket) => {
    log.push(`CONNECT ${req.url}`);
    const [host, port] = String(req.url).split(':');
    const onward = net.connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    onward.on('error', () => socket.destroy()).pipe(socket);
    socket.on('error', () => onward.destroy()).pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, log };
}
