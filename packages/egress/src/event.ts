/** An envelope read as far as a sink must: to name it, to route it, to map it. */
import { isUtf8 } from 'node:buffer';
import { isTelemetryEvent, type TelemetryEvent } from '@runnel/protocol';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The event that `bytes` hold, or undefined if they are none: no UTF-8, no JSON, or not of the shape of PROTOCOL.md section 8.3. */
export function readEvent(bytes: Uint8Array): TelemetryEvent | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    const event: unknown = JSON.parse(decoder.decode(bytes));
    return isTelemetryEvent(event) ? event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The event's type: that of its data, or else its own. Undefined where neither says one. */
export function eventType(event: TelemetryEvent): string | undefined {
  return [event.data.type, event.type].find((type) => typeof type === 'string' && type !== '') as string | undefined;
}

/** `data[name]` where it is a string with something in it. */
export function text(event: TelemetryEvent, name: string): string | undefined {
  const value = event.data[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
