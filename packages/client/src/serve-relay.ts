/** Serves a relay's endpoint on a port of its own. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createEndpoint, type EndpointOptions } from './endpoint/endpoint.ts';
import { isLoopback } from './endpoint/guard.ts';
import { newToken } from './endpoint/token.ts';
import type { Relay } from './relay.ts';

export interface ServeRelayOptions extends Pick<EndpointOptions, 'console' | 'name' | 'token'> {
  /** Default 127.0.0.1: session ids are credentials, so nobody else should read them. On a host that is not of this machine alone every request needs the token. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Gets one sentence when the host is not of this machine alone. Default: standard error. */
  readonly onWarning?: (message: string) => void;
}

export interface RelayServing {
  /** Where it listens, with a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** What has to be shown: as `Authorization: Bearer`, or in the form at /login. */
  readonly token: string;
  /** Whether programs of this machine, too, have to show it. */
  readonly needsToken: boolean;
  /** Stops listening and breaks off what is being answered. The relay goes on. */
  close(): Promise<void>;
}

/** Listens. Rejects with the system's error when it cannot, `code` EADDRINUSE for a port that is taken, and with TrickleError `invalid` for a token that is too short. */
export async function serveRelay(relay: Relay, options: ServeRelayOptions = {}): Promise<RelayServing> {
  const { host = '127.0.0.1', port = 0, onWarning = (message) => console.error(message) } = options;
  const { token = newToken(), name, console: folder } = options;
  const local = isLoopback(host);
  const { fetch } = createEndpoint(relay, { token, open: !local, name, console: folder });
  if (!local)
    onWarning(
      `The relay's endpoint listens on ${host}, unencrypted: whoever reads along learns its token and session ids, which are credentials.`,
    );
  const server = createAdaptorServer({ fetch }) as Server;
  const listening = await listen(server, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening.port}/`,
    port: listening.port,
    token,
    needsToken: !local,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // A server that listens on a port has an address of this kind.
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
