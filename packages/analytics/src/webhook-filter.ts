/** Which webhooks go out. EGRESS 3.22. */

/** The first list that names anything decides; without lists everything passes. */
export interface WebhookFilter {
  readonly includeEvents?: readonly string[];
  readonly excludeEvents?: readonly string[];
}

export function passes(event: string, { includeEvents = [], excludeEvents = [] }: WebhookFilter): boolean {
  return includeEvents.length > 0 ? includeEvents.includes(event) : !excludeEvents.includes(event);
}
