/**
 * What a server offers, so that a case about something it does not have is "not applicable" instead of passed or failed. A feature may
 * carry a number: a time in milliseconds, a size in bytes, or a count.
 */

/** Every feature, with the number that PROTOCOL.md gives it by default, or true where there is none. */
export const FEATURES = {
  /** Works on a TCP socket, so that framing and connections can be seen. Known from the way the suite is run. */
  sockets: true,
  /** A POST makes the channel it names. Nearly every case needs it. */
  autocreate: true,
  /** The channel `_changes`. */
  changefeed: true,
  /** `GET {base}_channels`. */
  listing: true,
  /** Names that begin with `_` belong to the server. */
  reserved: true,
  /** `Lp-Trickle-Epoch`. */
  epochs: true,
  /** `Lp-Trickle-Size` and `Content-Length` on finished segments. */
  size: true,
  /** Holes are waited for and released so many milliseconds after the head passed them. */
  skipped: 1_000,
  /** Segments of writers that died are aborted after so many milliseconds. */
  aborted: 5_000,
  /** HEAD answers at once. */
  'head-request': true,
  /** Finished segments stay so many milliseconds, however many there are. Absent: the newest five and no more. */
  keep: 30_000,
  /** Closed channels can be read for so many milliseconds. */
  linger: 30_000,
  /** A deleted name refuses segments for so many milliseconds. */
  tombstone: 10_000,
  /** A channel without a byte for so many milliseconds is closed. */
  idle: 300_000,
  /** Most bytes of a segment. */
  'segment-bytes': 67_108_864,
  /** Most bytes of a line of a JSONL channel. */
  'event-bytes': 5_242_880,
  /** Most bytes of finished segments that a channel keeps. */
  'keep-bytes': 67_108_864,
  /** Most bytes kept by the whole server. */
  'budget-bytes': 536_870_912,
  'max-channels': 100_000,
  'max-readers': 10_000,
  /** A reader has so many milliseconds to finish a segment that has left the window. */
  laggard: 10_000,
  /** The server asks {@link policy} of this package before it makes or closes a channel. */
  policy: true,
  /** The suite was given a way to stop the server. */
  stop: true,
} as const satisfies Record<string, number | true>;

export type Feature = keyof typeof FEATURES;
export type Features = ReadonlyMap<Feature, number | true>;

/** What a case needs: a feature, its absence, or a feature with a number small enough to be tried. */
export type Need = Feature | `!${Feature}` | `${Feature}<=${number}`;

/** The first need that these features do not meet. */
export function unmet(needs: readonly Need[] | undefined, features: Features): Need | undefined {
  return needs?.find((need) => !meets(features, need));
}

function meets(features: Features, need: Need): boolean {
  if (need.startsWith('!')) return !features.has(need.slice(1) as Feature);
  const [name, most] = need.split('<=') as [Feature, string?];
  const value = features.get(name);
  return value !== undefined && (most === undefined || (value !== true && value <= Number(most)));
}

/**
 * Reads `autocreate,linger=2000,changefeed`. A feature without a number gets PROTOCOL.md's default; `keep=0` and the like mean that it
 * is absent. Throws RangeError on a name that is no feature or a number that is none.
 */
export function parseFeatures(text: string): Map<Feature, number | true> {
  const features = new Map<Feature, number | true>();
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') continue;
    const [name = '', number] = part.split('=');
    if (!isFeature(name))
      throw new RangeError(`"${name}" is no feature; there are: ${Object.keys(FEATURES).join(', ')}`);
    const value = number === undefined ? FEATURES[name] : Number(number);
    if (Number.isNaN(value)) throw new RangeError(`"${number}" is no number`);
    if (value !== 0) features.set(name, value);
  }
  return features;
}

function isFeature(name: string): name is Feature {
  return Object.hasOwn(FEATURES, name);
}
