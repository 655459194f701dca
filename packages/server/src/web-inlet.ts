/** A POST's body and answer as web Request and Response, for in-process use and runtimes other than Node. */
import type { Inlet, InletEvents } from './writer.ts';

/** As large as what a socket hands over at once. */
const PIECE_BYTES = 64 * 1024;

export function webInlet(request: Request, resolve: (response: Response) => void, events: InletEvents): Inlet {
  const reader = request.body?.getReader();
  let goOn = () => {};
  let paused: Promise<void> | undefined;
  // Before the next microtask the writer does not know its inlet yet.
  queueMicrotask(() => void read());

  async function read(): Promise<void> {
    try {
      for (;;) {
        await paused;
        const next = await reader?.read();
        if (!next || next.done) return events.end();
        for (const piece of pieces(next.value)) events.push(piece);
      }
    } catch {
      // The caller's stream failed or was aborted: to a segment that is a writer that died.
      events.die();
    }
  }

  return {
    pause() {
      paused ??= new Promise((resume) => {
        goOn = resume;
      });
    },
    resume() {
      paused = undefined;
      goOn();
    },
    provisional() {},
    answer(head, early) {
      resolve(new Response(head.text ?? null, head));
      // A source that fails while it is told to stop has nobody left to hear of it.
      if (early) void reader?.cancel().catch(() => {});
    },
  };
}

/** Copies: the caller may use its buffer again, a segment's bytes stand still. */
function* pieces(chunk: Uint8Array): Generator<Buffer> {
  const copy = Buffer.from(chunk);
  for (let from = 0; from < copy.length; from += PIECE_BYTES) yield copy.subarray(from, from + PIECE_BYTES);
}
