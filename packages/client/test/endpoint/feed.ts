/** A reader of the feed, as EventSource is one. */
import { onTestFinished } from 'vitest';

export interface FeedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** The events of an answer, one by one. */
export async function* eventsOf(answer: Response): AsyncGenerator<FeedEvent> {
  const stream = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
  const reader = stream.getReader();
  onTestFinished(() => reader.cancel().catch(() => {}));
  let text = '';
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) yield eventOf(block);
  }
}

function eventOf(block: string): FeedEvent {
  const field = (name: string) => new RegExp(`(?:^|\n)${name}: ([^\n]*)`).exec(block)?.[1];
  return { event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? 'null') };
}

/** The next event that `matches`. */
export async function nextOf<T>(events: AsyncGenerator<FeedEvent>, matches: (data: T) => boolean): Promise<T> {
  for (let next = await events.next(); !next.done; next = await events.next()) {
    const data = next.value.data as T;
    if (next.value.event === 'status' && matches(data)) return data;
  }
  throw new Error('the feed ended');
}
