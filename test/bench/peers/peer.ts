/** What a server under load is, ours or another: a process, and the generator's flags that reach it. */
import { fileURLToPath } from 'node:url';
import { type Running, start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';

/** Starts a server. Throws Unavailable where it cannot be had. */
export type Peer = () => Promise<Served>;

export interface Served {
  readonly running: Running;
  /** The generator's flags: protocol, address and what else the protocol needs. */
  readonly flags: Readonly<Record<string, string | number>>;
}

/** A server in TypeScript, a file of servers/. It says `{"ready":"host:port"}`. */
export async function nodeServer(
  file: string,
  protocol: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const path = fileURLToPath(new URL(`../servers/${file}`, import.meta.url));
  const running = await start(process.execPath, ['--conditions=source', '--expose-gc', path], {
    core: Core.server,
    env,
  });
  return { running, flags: { protocol, address: JSON.parse(running.ready).ready } };
}
