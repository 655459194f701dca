/**
 * The trickle server of the dev loop, at RUNNEL_URL, by default http://127.0.0.1:7800/. It creates channels as they are asked for, lists
 * them, and lets a closed one linger, so that runner and client may come and go in any order. `runnel serve` is the server with flags.
 */
import { TrickleError } from '@runnel/protocol';
import { type ServeOptions, type Serving, serve } from '@runnel/server';

// npm and turbo hand on a signal that the terminal has sent already, so it may come more than once; and when they went first, nobody reads.
const stop = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.resolve());
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const LOCAL = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i;
const LOOP = { autocreate: true, changefeed: true, lingerMs: 30_000 };
const address = readAddress(process.env.RUNNEL_URL);
const serving = address && (await listen(address));
if (serving) {
  console.log(`listening on ${serving.url}`);
  await stop.promise;
  await serving.close();
  console.log('stopped');
}

/** The console's page, which the client of the loop serves, reads channels itself. `RUNNEL_CORS` names other origins, with commas between them. */
function pages(): readonly string[] {
  const { RUNNEL_CORS, PORT = '7801' } = process.env;
  const origins = RUNNEL_CORS ?? `http://127.0.0.1:${PORT},http://localhost:${PORT}`;
  return origins.split(',').flatMap((origin) => origin.trim() || []);
}

/** A page that had its own name re-bound to this machine could list and read the loop's channels through the user's browser. Where others are to reach the server it goes by any name. */
function ownNames(host: string): ServeOptions['use'] & {} {
  if (!LOCAL.test(host)) return [];
  return [async (c, next) => (LOCAL.test(new URL(c.req.url).hostname) ? next() : c.text('Wrong host\n', 403))];
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
}

/** The variable is the one runner and client find the server by, so that one setting moves the whole loop. Port 0 is any free one. */
function readAddress(text = 'http://127.0.0.1:7800/'): Address | undefined {
  const url = URL.parse(text);
  if (url?.protocol === 'http:') {
    return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80), basePath: url.pathname };
  }
  return fail(`RUNNEL_URL is "${text}", and must be an http URL such as http://127.0.0.1:7800/.`);
}

async function listen(address: Address): Promise<Serving | undefined> {
  try {
    return await serve({ ...address, ...LOOP, cors: pages(), use: ownNames(address.host), onWarning: console.warn });
  } catch (error) {
    if (!(error instanceof TrickleError)) throw error;
    return fail(`${error.message} RUNNEL_URL says where to listen.`);
  }
}

function fail(sentence: string): undefined {
  console.error(sentence);
  process.exitCode = 1;
}
