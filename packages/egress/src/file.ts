/** A sink that appends envelopes to a file, one a line (NDJSON), byte for byte as they came. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Envelope, Sink } from '@runnel/protocol';
import { rotate } from './rotation.ts';

export interface FileSinkOptions {
  /** Where to write. The file is made if it is missing, its folder is not. */
  readonly path: string;
  /** Default `file`. */
  readonly name?: string;
  /** A batch that would take the file over so many bytes goes to a new one. Default: the file grows. */
  readonly rotateBytes?: number;
  /** How many of the files before it are kept, at least 1; older ones are deleted. Default: all. */
  readonly keep?: number;
}

/**
 * Appends to `path` and acknowledges a batch when the system has taken all of it; it does not wait for the disk (no fsync) and holds nothing back in memory.
 * `send` rejects with the system's error when the file cannot be opened or written, and then takes back what it wrote of the batch, so that handing
 * it over again leaves no half lines; the file is opened anew for the next batch. `close` closes the file.
 *
 * A file that is full is renamed to `<path>.<n>`, the newest with the highest number, and not touched any more; one batch is never in two files.
 */
export function fileSink({ path, name = 'file', rotateBytes = Number.POSITIVE_INFINITY, keep }: FileSinkOptions): Sink {
  let file: FileHandle | undefined;
  return {
    name,
    traits: { order: 'all' },
    async send(batch, signal) {
      signal.throwIfAborted();
      const bytes = lines(batch);
      file ??= await openToAppend(path);
      let { size } = await file.stat();
      if (size > 0 && size + bytes.length > rotateBytes) {
        await file.close();
        file = undefined;
        await rotate(path, keep);
        file = await openToAppend(path);
        size = 0;
      }
      try {
        await file.appendFile(bytes, { signal });
      } catch (error) {
        await takeBack(file, size);
        file = undefined;
        throw error;
      }
    },
    async close() {
      await file?.close();
      file = undefined;
    },
  };
}

const LF = Buffer.from('\n');

function lines(batch: readonly Envelope[]): Buffer {
  return Buffer.concat(batch.flatMap(({ bytes }) => [bytes, LF]));
}

/** Opens the file; if a process died in the middle of its last line, that line is ended, so that it spoils no other. */
async function openToAppend(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+');
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    if (size > 0 && !last.equals(LF)) await file.appendFile(LF);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function takeBack(file: FileHandle, size: number): Promise<void> {
  try {
    await file.truncate(size);
  } catch {
    // Not a file that can be cut (a device, a pipe). The error of the write says more; a half line is ended when the file is opened again.
  } finally {
    await file.close();
  }
}
