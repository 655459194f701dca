/** Telemetry of a runner that has no network: lines on its stderr, among others. PROTOCOL.md section 8.7. */

export const STDERR_TELEMETRY = 'TELEMETRY:';
export const STDERR_ERROR = 'TELEMETRY_ERROR:';
/** Bytes of a line with its LF. As much as a pipe takes in one piece (`PIPE_BUF`), so that no other writer's text gets into it. */
export const STDERR_LINE_BYTES = 4096;

/** A line of stderr: a message of the events channel, what the runner could not write, or somebody's ordinary output. */
export type StderrLine =
  | { readonly kind: 'message'; readonly json: string; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'ordinary'; readonly text: string };

/** Tells what a line of stderr is, given without its LF. A telemetry line that holds no JSON object is an `error`. Never throws. */
export function readStderrLine(line: string): StderrLine {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (text.startsWith(STDERR_ERROR)) return { kind: 'error', text: text.slice(STDERR_ERROR.length).trim() };
  if (!text.startsWith(STDERR_TELEMETRY)) return { kind: 'ordinary', text };
  const json = text.slice(STDERR_TELEMETRY.length).trim();
  const value = parse(json);
  if (value !== undefined) return { kind: 'message', json, value };
  return { kind: 'error', text: `not a JSON object: ${json.slice(0, 100)}` };
}

function parse(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Cut off, or somebody else's text that happens to begin so.
    return undefined;
  }
}
