/**
 * A part of fast ingest: sockets read into memory that is there already. Node makes a buffer for every read, and V8 marks the whole heap for every
 * 64 MiB of them: at hundreds of megabytes a second most of the work. Undocumented are the names under which a socket has what the documented option
 * `onread` gives to one that connects: where they are not found, sockets read as ever.
 */
import { Socket } from 'node:net';
import { BLOCK_BYTES, type Block, type Blocks } from './blocks.ts';
import { ROOM } from './frame.ts';

/** Most reads bring little, and for them one piece of memory is enough, since each is done with when the next begins. */
const shared: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
const sharedView = viewOf(shared);
/** So many bytes are worth a block. */
const MUCH = (BLOCK_BYTES * 3) / 4;

/** Is told of bytes. With `block`, in which they are, they are good only for the time of the call unless it is kept. */
export type Push = (bytes: Buffer, block?: Block) => void;

export class BlockReads {
  #blocks: Blocks;
  #block: Block = { memory: shared, kept: false };
  #view = sharedView;

  /** Has `socket` call `read` with all it reads, good for the time of the call, if that can be. */
  constructor(socket: Socket, blocks: Blocks, read: (data: Buffer) => void) {
    this.#blocks = blocks;
    const handle = (socket as { _handle?: { useUserBuffer?: (buffer: Buffer) => void } })._handle;
    if (names.length !== NAMES.length || !handle?.useUserBuffer) return;
    const took = (bytes: number) => {
      read(this.#view.subarray(0, bytes));
      this.#next(bytes);
    };
    const values = [this.#view, took, () => this.#view];
    for (const [at, name] of names.entries()) Reflect.set(socket, name, values[at]);
    handle.useUserBuffer(this.#view);
  }

  /** Hands on bytes that were read: copied, since their memory is read into again, or with their block if they are most of it. `all`: nothing after them has yet to be looked at. */
  hand(bytes: Buffer, all: boolean, push: Push): void {
    const { memory } = this.#block;
    if (bytes.buffer !== memory.buffer) push(bytes);
    else if (all && memory !== shared && bytes.length >= MUCH) push(bytes, this.#block);
    else push(Buffer.from(bytes));
  }

  /** After a read that brought much the next one has a block of its own. */
  #next(bytes: number): void {
    const { memory, kept } = this.#block;
    const own = memory !== shared && !kept;
    const much = bytes >= MUCH;
    if (much === own) return;
    if (own) this.#blocks.give(memory);
    this.#block = { memory: much ? this.#blocks.take() : shared, kept: false };
    this.#view = much ? viewOf(this.#block.memory) : sharedView;
  }
}

/** Node's, for: the memory, who is told of a read, who says what the next one gets. */
const NAMES = ['kBuffer', 'kBufferCb', 'kBufferGen'];
const symbols = Object.getOwnPropertySymbols(new Socket());
const names = NAMES.flatMap((name) => symbols.filter(({ description }) => description === name));

function viewOf(memory: Buffer): Buffer {
  return memory.subarray(ROOM.before, BLOCK_BYTES - ROOM.after);
}
