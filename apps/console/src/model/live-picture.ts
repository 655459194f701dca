/** The newest picture of a session's out channel. Of those that come while one is being decoded only the newest is shown. */
import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { channelUrl, pause, sessionChannels, systemClock } from '@runnel/protocol';
import { type SegmentReader, subscribe } from '@runnel/pubsub/browser';
import { sniff } from './sniff.ts';

export type PictureState =
  /** The channel is not there, or is not answered for. */
  | { readonly kind: 'waiting' }
  /** The picture before is gone with its blob URL, so an element shows this one only. */
  | {
      readonly kind: 'shown';
      readonly url: string;
      readonly at: number;
      readonly width: number;
      readonly height: number;
    };

export interface LivePicture {
  readonly state: Signal<PictureState>;
  /** Frames seen, passed over, and those that are no pictures or broken. */
  readonly counts: { frames: number; passed: number; broken: number; skipped: number; bytes: number };
  /** Why the last broken one was not shown. */
  readonly broken: Signal<string | undefined>;
  readonly ended: Signal<boolean>;
  /** Frames a second since it was asked last. */
  fps(now: number): number;
  /** The element could not show what had been decoded. */
  failed(): void;
  close(): void;
}

/** A picture is a segment; more than this is none. */
const MOST_BYTES = 16 * 1024 * 1024;
/** A small file can claim to be huge. */
const MOST_PIXELS = 64_000_000;
const AGAIN_MS = 1_000;

/** It is read while `there`: asking for a channel that is not made yet would be a request a second in vain. */
export function livePicture(server: string, session: string, there: ReadonlySignal<boolean>): LivePicture {
  const stop = new AbortController();
  const state = signal<PictureState>({ kind: 'waiting' });
  const broken = signal<string | undefined>(undefined);
  const ended = signal(false);
  let measured = { at: Date.now(), frames: 0, fps: 0 };
  const counts = { frames: 0, passed: 0, broken: 0, skipped: 0, bytes: 0 };
  let shown: string | undefined;
  let decoding = false;
  let next: Uint8Array<ArrayBuffer> | undefined;

  async function show(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const picture = sniff(bytes);
    const { width = 0, height = 0 } = picture?.size ?? {};
    if (!picture) return fail('no picture of a known kind');
    if (width * height > MOST_PIXELS) return fail(`${width} × ${height} pixels are too many`);
    const url = URL.createObjectURL(new Blob([bytes], { type: picture.type }));
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
    } catch {
      URL.revokeObjectURL(url);
      return fail(`a broken ${picture.type.slice(6).toUpperCase()}`);
    }
    if (stop.signal.aborted) return URL.revokeObjectURL(url);
    const before = shown;
    shown = url;
    state.value = { kind: 'shown', url, at: Date.now(), width: image.naturalWidth, height: image.naturalHeight };
    // The element takes the new one in the next frame; until then it needs the one before.
    if (before) setTimeout(() => URL.revokeObjectURL(before), 1_000);
  }

  function fail(why: string): void {
    counts.broken++;
    broken.value = why;
  }

  async function take(segment: SegmentReader): Promise<void> {
    const bytes = await whole(segment);
    counts.skipped += segment.skippedBefore;
    if (segment.aborted) return;
    counts.frames++;
    if (!bytes) return fail(`over ${MOST_BYTES / 1_048_576} MiB`);
    counts.bytes += bytes.length;
    if (next) counts.passed++;
    next = bytes;
    if (!decoding) void showNewest();
  }

  async function showNewest(): Promise<void> {
    decoding = true;
    while (next && !stop.signal.aborted) {
      const bytes = next;
      next = undefined;
      await show(bytes);
    }
    decoding = false;
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      await becomes(there, stop.signal);
      await visiblePage(stop.signal);
      const leave = new AbortController();
      const onHidden = () => document.hidden && leave.abort();
      document.addEventListener('visibilitychange', onHidden);
      const signals = AbortSignal.any([stop.signal, leave.signal]);
      const url = channelUrl(server, sessionChannels(session).out);
      const subscription = subscribe(url, { waitForChannel: true, retries: Number.POSITIVE_INFINITY, signal: signals });
      for await (const segment of subscription) {
        ended.value = false;
        await take(segment);
      }
      document.removeEventListener('visibilitychange', onHidden);
      if (subscription.end === 'ended') ended.value = true;
      if (!leave.signal.aborted) await pause(systemClock, AGAIN_MS, stop.signal);
    }
  }

  void follow();
  return {
    state,
    counts,
    broken,
    ended,
    fps(now) {
      const seconds = (now - measured.at) / 1000;
      if (seconds >= 0.5)
        measured = { at: now, frames: counts.frames, fps: (counts.frames - measured.frames) / seconds };
      return measured.fps;
    },
    failed: () => fail('one that the browser could not show'),
    close() {
      stop.abort();
      if (shown) URL.revokeObjectURL(shown);
    },
  };
}

/** Undefined if it is too long for a picture. */
async function whole(segment: SegmentReader): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of segment) {
    length += chunk.length;
    if (length > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Resolves when `it` is true, or `stop` aborts. */
async function becomes(it: ReadonlySignal<boolean>, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  stop.addEventListener('abort', end);
  const dispose = effect(() => {
    if (it.value || stop.aborted) resolve();
  });
  await promise;
  dispose();
  stop.removeEventListener('abort', end);
}

/** A page that nobody sees reads no pictures: they would cost the server and the browser's few connections. */
function visiblePage(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', check);
      resolve();
    };
    document.addEventListener('visibilitychange', check);
    signal.addEventListener('abort', check, { once: true });
  });
}
