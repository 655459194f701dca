// Our subscriber as a peer like the others: node --conditions=source src/our-subscriber.ts URL [--from N] [--epoch E] [--lines]

import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { nodeTransport, readJsonl, type SubscribeOptions, subscribe, type Transport } from '@runnel/pubsub';

const stopped = new AbortController();
process.on('SIGTERM', () => stopped.abort());

const report = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: 'boolean', default: false }, from: { type: 'string' }, epoch: { type: 'string' } },
});
const [url = ''] = positionals;

/** Asks anew sooner than usual: a Go server lets a reader wait for ever on a segment whose slot was taken, and a run has no 20 s. */
const RE_ASK_MS = 2_000;

await (flags.lines ? readLines() : readSegments());
process.exit(0);

async function readSegments(): Promise<void> {
  const subscription = subscribe(url, where());
  for await (const segment of subscription) {
    const hash = createHash('sha256');
    let size = 0;
    let first = new Uint8Array();
    for await (const chunk of segment) {
      hash.update(chunk);
      size += chunk.length;
      if (first.length < 4) first = Buffer.concat([first, chunk.subarray(0, 4)]);
    }
    const index = size >= 4 ? new DataView(first.buffer, first.byteOffset).getUint32(0) : undefined;
    const { seq, epoch, aborted, discontinuity } = segment;
    report({ segment: { seq, epoch, size, sha256: hash.digest('hex'), index, aborted, discontinuity } });
  }
  report({ done: { ...subscription.stats, end: subscription.end } });
}

async function readLines(): Promise<void> {
  const reader = readJsonl(url, where());
  const decoder = new TextDecoder();
  let told = 0;
  for await (const lines of reader) {
    for (const { seq, epoch, bytes } of lines) {
      const { discontinuities } = reader.subscription.stats;
      report({ line: { seq, epoch, text: decoder.decode(bytes), discontinuity: discontinuities > told } });
      told = discontinuities;
    }
  }
  report({ done: { ...reader.subscription.stats, end: reader.subscription.end } });
}

function where(): SubscribeOptions {
  const from = flags.from === undefined ? ('current' as const) : Number(flags.from);
  const position = { from, ...(flags.epoch !== undefined && { epoch: flags.epoch }) };
  return { ...position, signal: stopped.signal, reAskMs: RE_ASK_MS, transport: reporting(nodeTransport()) };
}

/** Reports ready when the first GET is at the server: a second connection, made after it, was served. */
function reporting(transport: Transport): Transport {
  let first = true;
  return {
    post: transport.post,
    get(address, options) {
      const answer = transport.get(address, options);
      if (first) fetch(`${url}/next`).finally(() => report({ ready: 'sub' }));
      first = false;
      return answer;
    },
  };
}
