/** Ports that are free. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Three ports that the system chose; they stay free until somebody else asks for one. */
export async function freePorts(_count: 3): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await once(server.close(), 'close');
  return ports as [number, number, number];
}
