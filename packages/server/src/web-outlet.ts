/** A GET's answer as a web Response, for in-process use and runtimes other than Node. */
import type { Head } from './heads.ts';
import type { Outlet, OutletEvents } from './reader.ts';

const HIGH_WATER_BYTES = 64 * 1024;

/** Calls `resolve` with the Response when the first byte or the end is there. `signal` lets go of it at any time. */
export function webOutlet(resolve: (response: Response) => void, signal: AbortSignal, events: OutletEvents): Outlet {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let over = false;
  const leave = () => {
    if (over) return;
    over = true;
    signal.removeEventListener('abort', abort);
    events.gone();
  };
  const abort = () => {
    controller?.error(signal.reason);
    if (!controller) resolve(new Response(null, { status: 499 }));
    leave();
  };
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        start(made) {
          controller = made;
        },
        pull: () => events.drained(),
        cancel: leave,
      },
      { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return {
    start(head) {
      if (!over) resolve(new Response(head.text ?? (isEmpty(head) ? null : body()), head));
    },
    write({ bytes, block }) {
      if (over || !controller) return true;
      // Nobody tells when the far end is done with what it was handed.
      controller.enqueue(block ? new Uint8Array(bytes) : bytes);
      return (controller.desiredSize ?? 1) > 0;
    },
    end() {
      if (!over) controller?.close();
      leave();
    },
    cut() {
      if (!over) controller?.error(new Error('The reader was too slow and has been cut.'));
      leave();
    },
  };
}

const isEmpty = ({ headers }: Head): boolean => headers['Content-Length'] === '0';
