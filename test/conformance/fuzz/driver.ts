/** The real server, in process, driven by the same operations as the model. */
import { Header } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { createTrickle, type Trickle } from '@runnel/server';
import { type ModelSettings, nothing, type Told } from './model.ts';
import type { Operation } from './operations.ts';

const CHANNEL = 'http://in.process/c';
/** Enough rounds of the event loop for a write to have gone through server and streams. */
const SETTLE_TURNS = 12;

interface OpenWriter {
  readonly body: ReadableStreamDefaultController<Uint8Array>;
  readonly told: Told;
}

export class Driver {
  readonly clock = new ManualClock();
  readonly trickle: Trickle;
  readonly readers = new Map<number, Told>();
  readonly writers = new Map<number, Told>();
  lastStatus = 0;
  #bodies = new Map<number, OpenWriter>();
  #aborts = new Map<number, AbortController>();

  constructor(settings: ModelSettings) {
    this.trickle = createTrickle({ ...settings, clock: this.clock });
  }

  async apply(operation: Operation): Promise<void> {
    await this.#start(operation);
    await settle();
  }

  /** The head as `/next` tells it, or undefined without a channel. */
  async head(): Promise<number | undefined> {
    const answer = await this.trickle.fetch(new Request(`${CHANNEL}/next`));
    return answer.status === 200 ? Number(await answer.text()) : undefined;
  }

  async #start(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'create':
        return this.#plain('POST', CHANNEL);
      case 'delete':
        return this.#plain('DELETE', CHANNEL);
      case 'close':
        return this.#plain('DELETE', `${CHANNEL}/${operation.seq}`);
      case 'post':
        return this.#post(operation.id, operation.seq, operation.reset);
      case 'get':
        return this.#get(operation.id, operation.seq);
      case 'write':
        return this.#bodies.get(operation.id)?.body.enqueue(new TextEncoder().encode(operation.bytes));
      case 'end':
        return this.#bodies.get(operation.id)?.body.close();
      case 'abort':
        this.#told(this.writers, operation.id).status = -1;
        return this.#bodies.get(operation.id)?.body.error(new Error('the publisher died'));
      case 'cancel': {
        const told = this.#told(this.readers, operation.id);
        if (told.status === 0) told.status = -1;
        told.done = true;
        return this.#aborts.get(operation.id)?.abort();
      }
      case 'advance':
        return this.clock.advance(operation.ms);
    }
  }

  async #plain(method: string, url: string): Promise<void> {
    const answer = await this.trickle.fetch(new Request(url, { method }));
    await answer.text();
    this.lastStatus = answer.status;
  }

  #post(id: number, seq: number, reset: boolean): void {
    const told = nothing();
    this.writers.set(id, told);
    const stream = new ReadableStream<Uint8Array>({
      start: (body) => void this.#bodies.set(id, { body, told }),
    });
    const headers = reset ? { [Header.reset]: '1' } : {};
    const request = new Request(`${CHANNEL}/${seq}`, {
      method: 'POST',
      body: stream,
      headers,
      duplex: 'half',
    } as RequestInit);
    const answered = async (answer: Response) => {
      if (told.status === -1) return;
      this.#note(told, answer);
      await answer.text();
      told.done = true;
    };
    this.trickle
      .fetch(request)
      .then(answered)
      .catch(onlyIf(() => told.status === -1));
  }

  #get(id: number, seq: number): void {
    const told = nothing();
    this.readers.set(id, told);
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    const answered = async (answer: Response) => {
      if (told.done) return;
      this.#note(told, answer);
      if (answer.status !== 200) await answer.text();
      else
        for await (const part of answer.body ?? []) if (!told.done) told.bytes += Buffer.from(part).toString('latin1');
      told.done = true;
    };
    const request = new Request(`${CHANNEL}/${seq}`, { signal: abort.signal });
    this.trickle
      .fetch(request)
      .then(answered)
      .catch(onlyIf(() => told.done));
  }

  #note(told: Told, answer: Response): void {
    const seq = answer.headers.get(Header.seq);
    told.status = answer.status;
    told.closed = answer.headers.has(Header.closed);
    told.skipped = answer.headers.has(Header.skipped);
    told.aborted = answer.headers.has(Header.aborted);
    told.seq = answer.status === 200 && seq !== null ? Number(seq) : undefined;
  }

  #told(from: Map<number, Told>, id: number): Told {
    const told = from.get(id);
    if (!told) throw new Error(`no request ${id}`);
    return told;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A request that the sequence gave up may reject; any other may not. */
const onlyIf = (given: () => boolean) => (cause: unknown) => {
  if (!given()) throw cause;
};
