/** The loop of three apps on addresses of its own, each of which can be started, killed and started again. */
import { readFile } from 'node:fs/promises';
import type { RelayStatus } from '@runnel/client';
import { freePort } from './ports.ts';
import { type Process, startApp } from './processes.ts';

export type AppName = 'server' | 'runner' | 'client';

export interface Loop {
  readonly url: string;
  /** Starts an app, or starts it again, and resolves when it has printed something. */
  start(name: AppName): Promise<Process>;
  /** The one that was started last. */
  readonly apps: Readonly<Partial<Record<AppName, Process>>>;
  /** What the client tells of the session. Rejects while the client is not there. */
  session(): Promise<SessionStatus>;
}

/** `file` is where the client appends the events. */
export async function createLoop({ file }: { file?: string } = {}): Promise<Loop> {
  const [port, clientPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}/`;
  const env = { RUNNEL_URL: url, RUNNEL_SESSION: 'demo', PORT: `${clientPort}` };
  const apps: Partial<Record<AppName, Process>> = {};
  return {
    url,
    apps,
    async start(name) {
      const app = startApp(name, env, name === 'client' && file !== undefined ? ['--file', file] : []);
      apps[name] = app;
      await app.said(/\S/);
      return app;
    },
    async session() {
      return sessionAt(`http://127.0.0.1:${clientPort}/status`);
    },
  };
}

export type SessionStatus = RelayStatus['sessions'][number];

/** The first session that a relay's endpoint tells of. */
export async function sessionAt(status: string): Promise<SessionStatus> {
  const { sessions } = (await (await fetch(status)).json()) as RelayStatus;
  if (!sessions[0]) throw new Error('the relay has no session');
  return sessions[0];
}

export interface Event {
  readonly id: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events of a file. A line that a killed writer did not finish is left out. */
export async function eventsOf(file: string): Promise<Event[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
