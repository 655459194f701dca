/**
 * The client of the dev loop: relays the telemetry of sessions from the server at RUNNEL_URL (by default http://127.0.0.1:7800/) to standard
 * output and, if asked to, a file. It waits for a server or a runner that is not there yet. `runnel relay` is the same with more flags.
 */
import { fileURLToPath } from 'node:url';
import { createRelay, createTail, type Relay, type RelayServing, type Session, serveRelay } from '@runnel/client';
import { logSink, standardOutput } from '@runnel/egress';
import { TrickleError } from '@runnel/protocol';
import { readOptions } from './options.ts';
import { outletsOf } from './outlets.ts';

/** How long stopping may take: the loop is to be gone within 5 s of Ctrl-C. */
const CLOSE_MS = 4000;
/** A server that is not reached by then is worth a line. */
const PATIENCE_MS = 1000;

const options = readOptions(process.argv.slice(2));
const { url, session: ids, host, port } = options;

// npm and turbo hand on a signal that the terminal has sent already, so it may come more than once; and when they went first, nobody reads.
const stop = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.resolve());
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const tail = createTail();
const log = logSink({
  data: true,
  write(line) {
    tail.push(line);
    return standardOutput(line);
  },
});
const outlets = await outletsOf(options, log).catch(unusable);
const relay = outlets && createRelay({ url, ...outlets, tail, onState: tell });
const endpoint = relay && (await listen(relay));
if (relay && endpoint) {
  console.log(`listening on ${endpoint.url}`);
  console.log(`console on ${endpoint.url}`);
  if (endpoint.needsToken) console.log(`it asks for this token: ${endpoint.token}`);
  if (openAll(relay)) {
    const patience = setTimeout(() => tellWaiting(relay), PATIENCE_MS);
    await stop.promise;
    clearTimeout(patience);
  }
  const { delivered, kept, dropped } = await relay.close({ deadlineMs: CLOSE_MS });
  await endpoint.close();
  console.log(`delivered ${delivered}, kept ${kept}, dropped ${dropped}`);
  console.log('stopped');
}

async function listen(relay: Relay): Promise<RelayServing | undefined> {
  try {
    return await serveRelay(relay, {
      host,
      port,
      console: consoleFolder(),
      token: process.env.RUNNEL_TOKEN || undefined,
    });
  } catch (error) {
    await relay.close();
    if (error instanceof TrickleError) return unusable(error);
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    return fail(`Port ${port} of ${host} is in use: stop what listens there, or choose another with --port or PORT.`);
  }
}

/** Its built files. They are found where the package is, whether they are there yet or still being built. */
function consoleFolder(): string {
  return fileURLToPath(new URL('.', import.meta.resolve('@runnel/console')));
}

function openAll(relay: Relay): boolean {
  try {
    for (const id of new Set(ids)) relay.open(id);
    return true;
  } catch (error) {
    unusable(error);
    return false;
  }
}

function tellWaiting(relay: Relay): void {
  for (const session of relay.sessions.values()) if (session.state === 'connecting') tell(session);
}

function tell({ id, state }: Session): void {
  if (state === 'connecting') console.log(`session ${id}: waiting for the server at ${url}`);
  if (state === 'waiting') console.log(`session ${id}: connected to ${url}, waiting for the runner`);
  if (state === 'live') console.log(`session ${id}: receiving`);
}

/** For what the person can do something about. */
function unusable(error: unknown): undefined {
  if (!(error instanceof TrickleError)) throw error;
  fail(error.message);
  process.exitCode = 2;
}

function fail(sentence: string): undefined {
  console.error(sentence);
  process.exitCode = 1;
}
