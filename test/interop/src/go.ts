// The Go peers: a model of the Go trickle server, and clients with the Go clients' habits, on Go's net/http.

import { type Command, type Peer, type PeerEvent, startPeer } from './peer.ts';
import { goCommand, goModelCommand } from './toolchain.ts';

export interface GoServerOptions {
  /** Default `/ai/trickle/`. */
  basePath?: string;
  /** Default 0, any free port. */
  port?: number;
  autocreate?: boolean;
  changefeed?: boolean;
  /** Default 300,000. */
  idleMs?: number;
}

export interface RunningServer {
  /** With the base path and a trailing slash. */
  readonly url: string;
  /** SIGTERM; resolves when the server is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the model of the Go server on 127.0.0.1. It is built from what was observed of the Go server, not from its code: what holds
 * for the model is no statement about go-livepeer. The caller stops it. Throws where Go is missing.
 */
export async function goModelServer(options: GoServerOptions = {}): Promise<RunningServer> {
  return serverOf(await goModelCommand(), options);
}

/** The same of whichever Go peer runs (toolchain.ts, `goPeer`). */
export async function goServer(options: GoServerOptions = {}): Promise<RunningServer> {
  return serverOf(await goCommand(), options);
}

async function serverOf(command: Command, options: GoServerOptions): Promise<RunningServer> {
  const { basePath = '/ai/trickle/', port = 0, autocreate = false, changefeed = false, idleMs = 300_000 } = options;
  const args = ['server', '--port', `${port}`, '--base-path', basePath, '--idle-ms', `${idleMs}`];
  if (autocreate) args.push('--autocreate');
  if (changefeed) args.push('--changefeed');
  const peer = await startPeer(command, args);
  return { url: String(peer.ready.url), stop: peer.stop };
}

/** Starts a publisher of one channel that follows the steps sent to it (script.ts). The caller ends or stops it. */
export async function goPublisher(
  channelUrl: string,
  onEvent: (event: PeerEvent) => void,
  ...flags: string[]
): Promise<Peer> {
  return startPeer(await goCommand(), ['pub', channelUrl, ...flags], onEvent);
}

/** Starts a subscriber of one channel; ready once its first request is on the wire. It ends with its channel, or the caller stops it. */
export async function goSubscriber(
  channelUrl: string,
  onEvent: (event: PeerEvent) => void,
  ...flags: string[]
): Promise<Peer> {
  return startPeer(await goCommand(), ['sub', channelUrl, ...flags], onEvent);
}
