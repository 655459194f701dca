/** The options every command has that talks to a server, and the connection they make. */
import { nodeTransport, type Transport } from '@runnel/pubsub';
import type { Command } from 'commander';
import { header } from './arguments.ts';

export interface ConnectionFlags {
  readonly header?: Readonly<Record<string, string>>;
  readonly insecure?: boolean;
}

export interface ConnectionGiven {
  readonly transport: Transport;
  readonly headers: Readonly<Record<string, string>>;
}

/** Adds `--header` and `--insecure`. */
export function withConnection(command: Command): Command {
  return command
    .option('-H, --header <header>', 'send "Name: value" with every request (repeatable)', header)
    .option('--insecure', 'accept any certificate; for servers with one of their own making');
}

/** What the packages take for it. Proxies come from the usual variables, certificates of an authority of your own from NODE_EXTRA_CA_CERTS. */
export function connectionOf({ header = {}, insecure = false }: ConnectionFlags): ConnectionGiven {
  return { transport: nodeTransport({ rejectUnauthorized: !insecure }), headers: header };
}
