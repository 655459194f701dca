/** Splitting a JSONL stream into lines and parsing each: what a subscriber does with every byte of telemetry. */

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import ndjson from 'ndjson';
import type { Contender, Workload } from '../src/workload.ts';

const LINES = 50_000;
const CHUNK_BYTES = 64 * 1024;
const LF = 0x0a;

const chunks = telemetryChunks();

export default {
  name: 'lines',
  about: `${LINES} telemetry lines of about 300 B in chunks of 64 KiB, split and parsed`,
  baseline: 'ndjson',
  figures: { rate: { unit: 'lines/s', better: 'higher' } },
  contenders: {
    ndjson: () => contender(withNdjson),
    readline: () => contender(withReadline),
    indexOf: () => contender(withIndexOf),
  },
} satisfies Workload;

function contender(read: (onValue: (value: unknown) => void) => Promise<void>): Contender {
  return {
    async round() {
      let lines = 0;
      const began = performance.now();
      await read(() => lines++);
      const seconds = (performance.now() - began) / 1000;
      if (lines !== LINES) throw new Error(`read ${lines} lines of ${LINES}`);
      return { rate: lines / seconds };
    },
  };
}

async function withNdjson(onValue: (value: unknown) => void): Promise<void> {
  for await (const value of Readable.from(chunks).pipe(ndjson.parse())) onValue(value);
}

async function withReadline(onValue: (value: unknown) => void): Promise<void> {
  for await (const line of createInterface({ input: Readable.from(chunks) })) onValue(JSON.parse(line));
}

async function withIndexOf(onValue: (value: unknown) => void): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of Readable.from(chunks)) {
    const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      onValue(JSON.parse(bytes.toString('utf8', start, end)));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}

function telemetryChunks(): Buffer[] {
  const lines = Array.from({ length: LINES }, (_, seq) => {
    const data = { stage: 'resize', p50_ms: 4.25, p99_ms: 11.5, fps_in: 30, fps_out: 29.97, note: 'x'.repeat(90) };
    const event = { id: `e-${seq}`, type: 'stage_timing', timestamp: 1_700_000_000_000 + seq, data };
    return `${JSON.stringify({ type: 'telemetry', epoch: '0badcafe', seq, event })}\n`;
  });
  const bytes = Buffer.from(lines.join(''));
  const starts = Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, index) => index * CHUNK_BYTES);
  return starts.map((start) => bytes.subarray(start, start + CHUNK_BYTES));
}
