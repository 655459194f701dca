/** Which events a receiver of webhooks gets, by their type. EGRESS 3.22. */
import type { Envelope } from '@runnel/protocol';
import { eventType, readEvent } from './event.ts';

export interface WebhookFilter {
  /** These and no others; wins over `exclude`. */
  readonly include?: readonly string[];
  /** All but these. */
  readonly exclude?: readonly string[];
}

/** An empty list, like none, leaves nothing out. What is no event has no type, and only a list to include leaves it out. */
export function wants({ include = [], exclude = [] }: WebhookFilter, { bytes }: Envelope): boolean {
  if (include.length === 0 && exclude.length === 0) return true;
  const event = readEvent(bytes);
  const type = (event && eventType(event)) ?? '';
  return include.length > 0 ? include.includes(type) : !exclude.includes(type);
}
