/** Reads the stderr of a runner that has no network: telemetry among ordinary output. PROTOCOL.md section 8.7. */
import type { Readable } from 'node:stream';
import { readStderrLine, STDERR_ERROR } from '@runnel/protocol';
import { createLineSplitter, type JsonlLine } from '@runnel/pubsub';
import { type EventLine, readEventLine } from './event-line.ts';

/** Of ordinary output; those of telemetry have 4,096 at most. */
const MOST_LINE_BYTES = 65_536;

export interface StderrListener {
  /** Lines of the events channel, as they complete. */
  readonly onLines: (lines: readonly JsonlLine<EventLine>[]) => void;
  /** Ordinary output, and what the runner says it could not write. */
  readonly onText: (lines: readonly string[]) => void;
  /** `oversize`: a line over 65,536 bytes was passed over. `unwritten`: the runner could not write an event, or it is no JSON. */
  readonly onBad: (reason: 'oversize' | 'unwritten') => void;
}

/**
 * Reads until the stream ends or `signal` aborts. From then on what comes is passed over, so that the process that writes it is not held up. Rejects with the stream's error. The stream is
 * its owner's to close.
 */
export async function followStderr(stream: Readable, listener: StderrListener, signal: AbortSignal): Promise<void> {
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const epoch = crypto.randomUUID();
  const decoder = new TextDecoder();
  let lines: JsonlLine<EventLine>[] = [];
  let text: string[] = [];
  const splitter = createLineSplitter({
    maxLineBytes: MOST_LINE_BYTES,
    onLine: (bytes) => sort(decoder.decode(bytes)),
    onOversize: () => listener.onBad('oversize'),
  });

  function sort(line: string): void {
    const read = readStderrLine(line);
    const bytes = read.kind === 'message' ? Buffer.from(read.json) : undefined;
    const value = bytes && readEventLine(bytes);
    if (bytes && value) lines.push({ bytes, value, seq: 0, epoch });
    else if (read.kind === 'ordinary') text.push(read.text);
    else {
      listener.onBad('unwritten');
      text.push(read.kind === 'error' ? `${STDERR_ERROR} ${read.text}` : line);
    }
  }

  function hand(): void {
    const [ready, said] = [lines, text];
    lines = [];
    text = [];
    if (ready.length > 0) listener.onLines(ready);
    if (said.length > 0) listener.onText(said);
  }

  const take = (chunk: Uint8Array | string) => {
    try {
      splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      hand();
    } catch (error) {
      reject(error);
    }
  };
  stream.on('data', take).once('close', resolve).once('end', resolve).on('error', reject);
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  try {
    await over;
    splitter.end(true);
    hand();
  } finally {
    stream.off('data', take).resume();
  }
}
