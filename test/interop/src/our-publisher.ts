// Our publisher as a peer like the others: node --conditions=source src/our-publisher.ts URL [--lines] [--roll-ms N]

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TrickleError } from '@runnel/protocol';
import { createJsonlWriter, createPublisher, type JsonlWriter, type Publisher } from '@runnel/pubsub';
import { content, type LineStep, lineText, type SegmentStep, type Step } from './script.ts';

const stopped = new AbortController();
process.on('SIGTERM', () => stopped.abort());

const report = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: 'boolean', default: false }, 'roll-ms': { type: 'string', default: '1000' } },
});
const [url = ''] = positionals;

/** Whoever has something to say tries for this long. */
const TRY_MS = 10_000;

await (flags.lines ? publishLines() : publishSegments());
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

/** `open` may be called again after a failure. */
async function publishSegment(
  publisher: Publisher,
  { index, pieces, pauseMs = 0 }: SegmentStep['segment'],
): Promise<void> {
  const until = Date.now() + TRY_MS;
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

async function publishLine(writer: JsonlWriter, { index, size }: LineStep['line']): Promise<void> {
  const until = Date.now() + TRY_MS;
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
