/** The head of an answer as it stood on the wire. */

/** Header or trailer fields: names in lower case, repeated fields joined by a comma. */
export type Fields = ReadonlyMap<string, string>;

export interface Head {
  readonly status: number;
  readonly fields: Fields;
}

export interface Answer extends Head {
  readonly body: Buffer;
  /** Empty when there were none. */
  readonly trailers: Fields;
  /** False when the answer did not come over a socket, so that fields which belong to a connection mean nothing. */
  readonly framed: boolean;
}

/** The value of a field, whatever the case of its name. */
export function field(head: Pick<Head, 'fields'>, name: string): string | undefined {
  return head.fields.get(name.toLowerCase());
}

/** Reads `Name: value` lines. A line without a colon is kept with an empty value, so that a case can see it. */
export function parseFields(lines: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = (colon < 0 ? line : line.slice(0, colon)).toLowerCase();
    const value = colon < 0 ? '' : line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
