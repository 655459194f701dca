// Our clients as peers like the others: node --conditions=source src/our-client.ts pub|sub URL …
//
//   pub URL [--lines] [--roll-ms N]
//   sub URL [--from N] [--epoch E] [--lines]

import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TrickleError } from '@runnel/protocol';
import {
  createJsonlWriter,
  createPublisher,
  nodeTransport,
  type Publisher,
  readJsonl,
  type SubscribeOptions,
  subscribe,
  type Transport,
} from '@runnel/pubsub';
import { content, type LineStep, lineText, type SegmentStep, type Step } from './script.ts';

const stopped = new AbortController();
process.on('SIGTERM', () => stopped.abort());

const report = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    lines: { type: 'boolean', default: false },
    'roll-ms': { type: 'string', default: '1000' },
    from: { type: 'string' },
    epoch: { type: 'string' },
  },
});
/** Asks anew sooner than usual: a Go server lets a reader wait for ever on a segment whose slot was taken, and a run has no 20 s. */
const RE_ASK_MS = 2_000;
const [role, url = ''] = positionals;

if (role === 'pub') await (flags.lines ? publishLines() : publishSegments());
else if (role === 'sub') await (flags.lines ? readLines() : readSegments());
else throw new Error('usage: our-client.ts pub|sub URL');
process.exit(0);

async function publishSegments(): Promise<void> {
  const publisher = createPublisher(url);
  report({ ready: 'pub' });
  await steps(async (step) => {
    if ('segment' in step) await publishSegment(publisher, step.segment);
    if ('end' in step && step.end === 'close') await publisher.close();
  });
  report({ done: publisher.stats });
}

/** `open` may be called again after a failure; whoever has something to say does so for ten seconds. */
async function publishSegment(
  publisher: Publisher,
  { index, pieces, pauseMs = 0 }: SegmentStep['segment'],
): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    try {
      const writer = await publisher.open();
      const settle = writer.end.bind(writer);
      const data = content(
        index,
        pieces.reduce((sum, piece) => sum + piece, 0),
      );
      let sent = 0;
      for (const piece of pieces) {
        if (sent > 0) await sleep(pauseMs);
        if (!writer.write(data.subarray(sent, sent + piece))) await writer.drained();
        sent += piece;
      }
      settle().then(
        () => report({ acked: { from: index, to: index, seq: writer.seq } }),
        (error: TrickleError) => report({ failed: { from: index, to: index, reason: error.code } }),
      );
      return;
    } catch (error) {
      const { code } = error as TrickleError;
      if (!(error instanceof TrickleError)) throw error;
      if (publisher.ended || Date.now() > until) return report({ failed: { from: index, to: index, reason: code } });
    }
  }
}

async function publishLines(): Promise<void> {
  const writer = createJsonlWriter(url, { rollMs: Number(flags['roll-ms']) });
  report({ ready: 'pub' });
  await steps(async (step) => {
    if ('line' in step) await publishLine(writer, step.line);
    if ('end' in step && step.end === 'close') await writer.close();
  });
  report({ done: writer.stats });
}

async function publishLine(
  writer: ReturnType<typeof createJsonlWriter>,
  { index, size }: LineStep['line'],
): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    try {
      await writer.write(lineText(index, size));
      return;
    } catch (error) {
      if (!(error instanceof TrickleError)) throw error;
      if (writer.ended || Date.now() > until) return report({ failed: { from: index, to: index, reason: error.code } });
    }
  }
}

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
    const { seq, epoch, aborted } = segment;
    report({ segment: { seq, epoch, size, sha256: hash.digest('hex'), index, aborted } });
  }
  report({ done: { ...subscription.stats, end: subscription.end } });
}

async function readLines(): Promise<void> {
  const reader = readJsonl(url, where());
  const decoder = new TextDecoder();
  for await (const lines of reader) {
    for (const { seq, epoch, bytes } of lines) report({ line: { seq, epoch, text: decoder.decode(bytes) } });
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

/** The lines of stdin, one after the other, until an `end`, the input's end or SIGTERM. */
async function steps(take: (step: Step) => Promise<void>): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  stopped.signal.addEventListener('abort', () => lines.close());
  for await (const line of lines) {
    const step = JSON.parse(line) as Step;
    if ('pauseMs' in step) await sleep(step.pauseMs);
    else await take(step);
    if ('end' in step) return;
  }
}
