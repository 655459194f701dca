/** The envelopes themselves, one a line: nothing is read, nothing can be lost. */
import type { Codec } from './codec.ts';

const LF = 0x0a;

/** NDJSON of the envelopes' own bytes. Refuses nothing. */
export function scopeCodec(): Codec {
  return {
    contentType: 'application/x-ndjson',
    overheadBytes: 1,
    encode(batch) {
      const body = Buffer.allocUnsafe(batch.reduce((size, { bytes }) => size + bytes.length + 1, 0));
      let at = 0;
      for (const { bytes } of batch) {
        body.set(bytes, at);
        at += bytes.length + 1;
        body[at - 1] = LF;
      }
      return { body, refused: [] };
    },
    decode(body) {
      const lines: Uint8Array[] = [];
      for (let start = 0; start < body.length; ) {
        const end = body.indexOf(LF, start);
        if (end < 0) throw new SyntaxError('the last line does not end');
        lines.push(body.subarray(start, end));
        start = end + 1;
      }
      return lines;
    },
  };
}
