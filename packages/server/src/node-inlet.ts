/** A POST's body and answer on Node. */
import { LAST_WORDS_MS } from './core.ts';
import { taps } from './fast-ingest.ts';
import type { Head } from './heads.ts';
import type { Raw } from './raw.ts';
import type { Inlet, InletEvents } from './writer.ts';

export function nodeInlet(raw: Raw, events: InletEvents): Inlet {
  const { incoming, outgoing } = raw;
  const tap = taps.get(incoming.socket)?.take(incoming, (chunk, block) => events.push(chunk, block));
  if (tap) raw.core.counters.fastBodies++;
  incoming.on('data', (chunk: Buffer) => events.push(chunk));
  incoming.on('end', () => events.end());
  // Both come when the connection breaks or the chunking is malformed; after `end` they mean nothing to a writer.
  incoming.on('error', () => events.die());
  incoming.on('close', () => events.die());
  // While middleware or policy took its time the client may have hung up: then nothing more is heard of it. The writer does not know its inlet yet.
  if (incoming.destroyed && !incoming.readableEnded) queueMicrotask(() => events.die());
  return {
    pause() {
      incoming.pause();
      tap?.pause(true);
    },
    resume() {
      incoming.resume();
      tap?.pause(false);
    },
    provisional() {
      // A response without a socket stands in a pipeline, behind one that is not finished.
      if (outgoing.socket && incoming.httpVersionMinor > 0 && !outgoing.headersSent) outgoing.writeContinue();
    },
    answer(head, early) {
      if (early && !incoming.readableEnded) {
        tap?.pause(false);
        return answerEarly(raw, head);
      }
      raw.writeHead(head);
      outgoing.end(head.text);
    },
  };
}

function answerEarly(raw: Raw, head: Head): void {
  const { incoming, outgoing } = raw;
  const { clock, farewells } = raw.core;
  if (outgoing.destroyed) return;
  raw.writeHead(head);
  if (head.text === undefined) outgoing.flushHeaders();
  else outgoing.write(head.text);
  incoming.resume();
  farewells.add();
  const end = () => outgoing.end();
  const cancel = clock.after(LAST_WORDS_MS, end);
  incoming.on('end', end);
  outgoing.on('close', () => {
    cancel();
    farewells.remove();
  });
}
