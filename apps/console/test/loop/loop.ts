/** The whole loop in this process, with the page in front of it: server, relay, sinks that a test steers, and runners. */
import { createRelay, openJournal, type Relay, serveRelay } from '@runnel/client';
import { type Envelope, type Sink, SinkError } from '@runnel/protocol';
import { type Serving, serve } from '@runnel/server';
import { dist } from './build.ts';

export interface SteeredSink extends Sink {
  /** What it took. */
  readonly taken: number;
  /** Refuses everything with this error until it is undefined again. */
  broken: SinkError | undefined;
  /** Refuses what this says, for ever, with the reason it gives. */
  refuses: (envelope: Envelope) => string | undefined;
}

export interface Loop {
  /** The trickle server; another one after a restart. */
  readonly server: Serving;
  readonly relay: Relay;
  readonly sinks: readonly SteeredSink[];
  /** Where the page is, as this machine reaches it. */
  readonly url: string;
  /** What the endpoint asks for on a host that is not of this machine alone; another one after a restart. */
  readonly token: string;
  /** Ends and begins the relay's endpoint on the same port, as if the relay had been away. */
  stopEndpoint(): Promise<void>;
  startEndpoint(): Promise<void>;
  /** The same of the trickle server. */
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  close(): Promise<void>;
}

export interface LoopOptions {
  readonly sessions: readonly string[];
  readonly sinks?: readonly string[];
  readonly host?: string;
  readonly name?: string;
}

/** The caller closes it. */
export async function startLoop({
  sessions,
  sinks: names = ['archive'],
  host,
  name = 'studio-3',
}: LoopOptions): Promise<Loop> {
  const listen = (port: number) => serve({ autocreate: true, changefeed: true, lingerMs: 30_000, cors: ['*'], port });
  let server = await listen(0);
  const sinks = names.map(steeredSink);
  const relay = createRelay({ url: server.url, sinks, journal: openJournal(), onWarning: () => {} });
  for (const id of sessions) relay.open(id);
  const start = (port: number) =>
    serveRelay(relay, { console: dist, name, port, ...(host && { host }), onWarning: () => {} });
  let endpoint = await start(0);
  const { port } = endpoint;
  const url = endpoint.url.replace('//0.0.0.0:', '//127.0.0.1:');
  return {
    get server() {
      return server;
    },
    relay,
    sinks,
    url,
    get token() {
      return endpoint.token;
    },
    stopEndpoint: () => endpoint.close(),
    async startEndpoint() {
      endpoint = await start(port);
    },
    stopServer: () => server.close(),
    async startServer() {
      server = await listen(server.port);
    },
    async close() {
      await endpoint.close();
      await relay.close({ deadlineMs: 500 });
      await server.close();
    },
  };
}

function steeredSink(name: string): SteeredSink {
  let taken = 0;
  return {
    name,
    broken: undefined,
    refuses: () => undefined,
    get taken() {
      return taken;
    },
    async send(batch) {
      if (this.broken) throw this.broken;
      const reason = batch.map((envelope) => this.refuses(envelope)).find((each) => each !== undefined);
      if (reason !== undefined)
        throw new SinkError('refused', reason, {
          status: 422,
          response: '{"error":"unprocessable","field":"data.width"}',
        });
      taken += batch.length;
    },
    async close() {},
  };
}
