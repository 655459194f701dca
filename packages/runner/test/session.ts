/** A session in one process: a server that can go and come, runners on it, a client's eyes on the events and its hand on the control channel. */
import { sessionChannels } from '@runnel/protocol';
import { createJsonlWriter, fetchTransport, type JsonlLine, type JsonlWriterOptions, readJsonl } from '@runnel/pubsub';
import { createTrickle, type Trickle, type TrickleOptions } from '@runnel/server';
import { afterEach } from 'vitest';
import { createRunner, type Runner, type RunnerOptions } from '../src/index.ts';

export const BASE = 'http://in.process/';

export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server in this process that can go and come again, with nothing remembered. */
export function server(options: TrickleOptions = {}) {
  let trickle: Trickle | undefined;
  const start = () => {
    trickle = createTrickle({ autocreate: true, lingerMs: 60_000, ...options });
  };
  const stop = async () => {
    const stopping = trickle;
    trickle = undefined;
    await stopping?.stop();
  };
  cleanups.push(stop);
  start();
  const transport = fetchTransport((request: Request) => {
    if (trickle) return trickle.fetch(request);
    return Promise.reject(new TypeError('fetch failed'));
  });
  return { transport, start, stop, channels: () => trickle?.list() ?? [] };
}

type Server = ReturnType<typeof server>;

export function runnerOn({ transport }: Server, options: Partial<RunnerOptions> = {}): Runner {
  const runner = createRunner({ session: 's', url: BASE, transport, ...options });
  cleanups.push(() => runner.close({ deadlineMs: 1000 }));
  return runner;
}

export type Message = Record<string, unknown> & { type: string };

/** Reads a session's events from the oldest kept, as a client that remembers nothing. */
export function follow({ transport }: Server, session = 's') {
  const reader = readJsonl(BASE + sessionChannels(session).events, { transport, from: 'oldest', waitForChannel: true });
  const lines: JsonlLine[] = [];
  let onMore = () => {};
  const done = (async () => {
    for await (const batch of reader) {
      lines.push(...batch);
      onMore();
    }
  })();
  cleanups.push(() => reader.close());
  const messages = () => lines.map(({ value }) => value as Message);
  const until = async (condition: (messages: Message[]) => boolean) => {
    while (!condition(messages())) await new Promise<void>((resolve) => (onMore = resolve));
    return messages();
  };
  const one = async (type: string) =>
    (await until((all) => all.some((each) => each.type === type))).find((each) => each.type === type);
  return { lines, messages, until, one, done, reader };
}

export const telemetry = (messages: Message[]) => messages.filter(({ type }) => type === 'telemetry');
export const eventTypes = (messages: Message[]) =>
  telemetry(messages).map(({ event }) => (event as { data: { type: string } }).data.type);

/** A client's control channel. */
export function control({ transport }: Server, options: JsonlWriterOptions = {}) {
  const writer = createJsonlWriter(BASE + sessionChannels('s').control, { transport, create: true, ...options });
  cleanups.push(() => writer.close({ deadlineMs: 1000 }));
  return { ask: (message: object) => writer.write(JSON.stringify(message)), writer };
}
