/** Cuts a run of bytes into lines, holding no more of an unfinished one than the cap allows. PROTOCOL.md section 7. */

export interface LineSplitter {
  /** Calls back for each line that the chunk completes, in order. */
  push(chunk: Uint8Array): void;
  /** The end of the bytes. `whole` false: what has no LF yet is not a line but a torn-off piece. Returns the bytes of such a piece. */
  end(whole: boolean): number;
}

export interface LineSplitterOptions {
  /** Most bytes of a line, its LF included. */
  readonly maxLineBytes: number;
  /** A line without its LF or CRLF. It is a part of the chunk, and holds the chunk in memory as long as it is held itself. */
  readonly onLine: (line: Uint8Array) => void;
  /** A line over the cap has ended; `bytes` is its length. */
  readonly onOversize: (bytes: number) => void;
}

const LF = 0x0a;
const CR = 0x0d;
const FIRST_TAIL_BYTES = 4_096;

export function createLineSplitter({ maxLineBytes, onLine, onOversize }: LineSplitterOptions): LineSplitter {
  /** The line that began in an earlier chunk: its first `held` bytes. Copied, for a chunk of one byte may pin a buffer of many. */
  let tail = new Uint8Array(0);
  let held = 0;
  /** Bytes of an oversized line that were passed over. */
  let passed = 0;

  function complete(line: Uint8Array): void {
    const end = line.length > 0 && line[line.length - 1] === CR ? line.length - 1 : line.length;
    onLine(end === line.length ? line : line.subarray(0, end));
  }

  function hold(piece: Uint8Array): void {
    if (passed > 0 || held + piece.length >= maxLineBytes) {
      passed += held + piece.length;
      held = 0;
      tail = new Uint8Array(0);
      return;
    }
    tail = roomFor(tail, held, held + piece.length);
    tail.set(piece, held);
    held += piece.length;
  }

  function finish(): void {
    if (passed > 0) onOversize(passed);
    else complete(tail.slice(0, held));
    passed = 0;
    held = 0;
  }

  return {
    push(chunk) {
      let start = 0;
      for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, start)) {
        const piece = chunk.subarray(start, lf);
        start = lf + 1;
        if (held === 0 && passed === 0 && piece.length < maxLineBytes) complete(piece);
        else {
          hold(piece);
          finish();
        }
      }
      if (start < chunk.length) hold(chunk.subarray(start));
    },
    end(whole) {
      const torn = whole ? 0 : held + passed;
      if (whole && held + passed > 0) finish();
      held = 0;
      passed = 0;
      return torn;
    },
  };
}

function roomFor(tail: Uint8Array<ArrayBuffer>, held: number, bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes <= tail.length) return tail;
  const grown = new Uint8Array(Math.max(FIRST_TAIL_BYTES, bytes, tail.length * 2));
  grown.set(tail.subarray(0, held));
  return grown;
}
