import { expect, it } from 'vitest';
import { summaryOf, tailEvent } from './tail-event.ts';

it('a line is told as it was written: stamps in nanoseconds are not rounded', () => {
  const text = '{"type":"vitals","emitted_ns":1763785000123456789,"ratio":0.5,"name":"a"}';
  const event = tailEvent(1, { value: JSON.parse(text), bytes: Buffer.from(text), seq: 0 } as never, 0);
  expect(summaryOf(event)).toBe('emitted_ns=1763785000123456789  ratio=0.5  name=a');
});
