/** The members of an event that are of one kind each: measurements are numbers, metadata are strings. EGRESS 4.1 and 4.2. */

type Data = Readonly<Record<string, unknown>>;

/** Whether `data` has a member that {@link streamForm} is for. Reads of named members: this runs for every event. */
export function hasStreamForm(data: Data): boolean {
  return data.measurements !== undefined || data.metadata !== undefined || data.timestamp_ns !== undefined;
}

/**
 * Writes numbers in `measurements` as they are, booleans as 0 and 1, all else as strings; all of `metadata` as strings, objects as their JSON;
 * `timestamp_ns` as a decimal string, the time of the call where it is not given. What is null or undefined is left out.
 */
export function streamForm(data: Data, at: number): Data {
  const { measurements, metadata, timestamp_ns, ...rest } = data;
  return {
    ...rest,
    timestamp_ns: String(timestamp_ns ?? nanoseconds(at)),
    measurements: isPlain(measurements) ? eachOf(measurements, measured) : measurements,
    metadata: isPlain(metadata) ? eachOf(metadata, described) : metadata,
  };
}

/** A time in milliseconds as nanoseconds: a string, since JavaScript's numbers do not reach so far. */
export function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`;
}

function measured(value: unknown): unknown {
  if (typeof value === 'number') return value;
  return typeof value === 'boolean' ? Number(value) : described(value);
}

function described(value: unknown): string {
  return typeof value === 'object' ? (JSON.stringify(value) ?? String(value)) : String(value);
}

function eachOf(from: Data, convert: (value: unknown) => unknown): Data {
  const given = Object.entries(from).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, convert(value)]));
}

function isPlain(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
