// A peer is a child process that speaks trickle: a server, a publisher or a subscriber, in any language. It writes JSON
// lines to stdout, one of them with `ready`, and ends with status 0 on SIGTERM.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const READY_MS = 20_000;
const STOP_MS = 10_000;

/** How a peer is started: the program, then its first arguments. */
export type Command = readonly [string, ...string[]];

/** One line of a peer's stdout: an object with one member that says what happened. */
export type PeerEvent = Readonly<Record<string, unknown>>;

export interface Peer {
  /** The line that said so. */
  readonly ready: PeerEvent;
  /** Resolves with the exit status, null after a signal. */
  readonly exited: Promise<number | null>;
  /** Writes one JSON line to the peer's stdin. */
  send(step: object): void;
  /** SIGTERM; resolves when the peer is gone. Throws when it does not end with status 0 within 10 s. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the peer is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a peer and waits until it is ready. `onEvent` gets every other line. The caller stops it.
 * Throws when the peer ends or stays silent for 20 s before it is ready; what it wrote to stderr is in the message.
 */
export async function startPeer(
  command: Command,
  args: readonly string[],
  onEvent: (event: PeerEvent) => void = () => {},
): Promise<Peer> {
  const [program, ...first] = command;
  const child = spawn(program, [...first, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const complaints = text(child.stderr);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  exited.catch(() => {});
  child.stdin.on('error', () => {}); // A peer that is gone needs no more steps; its exit tells.

  const ready = await new Promise<PeerEvent>((resolve, reject) => {
    let seen = false;
    const silent = setTimeout(() => reject(new Error(`${command.join(' ')} was not ready in time`)), READY_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as PeerEvent;
      // What is kept may be read before the request for more is known to be on the wire.
      if (seen || !('ready' in event)) return onEvent(event);
      seen = true;
      clearTimeout(silent);
      resolve(event);
    });
    exited.then(
      async (code) => reject(new Error(`${command.join(' ')} ended with ${code}: ${await complaints}`)),
      (error) => reject(new Error(`${command.join(' ')} could not be started`, { cause: error })),
    );
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });

  return {
    ready,
    exited,
    send: (step) => void child.stdin.write(`${JSON.stringify(step)}\n`),
    async stop() {
      child.kill('SIGTERM');
      const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const code = await exited;
      clearTimeout(stuck);
      if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${await complaints}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
