/** OTLP's AnyValue, for everything that JSON can say. */

export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly { readonly key: string; readonly value: AnyValue }[] };
}

/** Protobuf decoders give up at 100 messages within each other; a level of JSON takes three. */
const DEEPEST = 24;

/** `exact` is false where the value had to give way: nested too deeply, a lone surrogate, a number beyond double precision's range. */
export function toAnyValue(value: unknown): { value: AnyValue; exact: boolean } {
  let exact = true;
  const string = (text: string): string => {
    if (text.isWellFormed()) return text;
    exact = false;
    return text.toWellFormed();
  };
  const convert = (value: unknown, depth: number): AnyValue => {
    if (value === null) return {};
    if (typeof value === 'string') return { stringValue: string(value) };
    if (typeof value === 'boolean') return { boolValue: value };
    if (typeof value === 'number') {
      exact &&= Number.isFinite(value);
      return number(value);
    }
    if (depth > DEEPEST) {
      exact = false;
      return { stringValue: 'nested too deeply' };
    }
    if (Array.isArray(value)) return { arrayValue: { values: value.map((each) => convert(each, depth + 1)) } };
    const values = Object.entries(value as object).map(([key, each]) => ({
      key: string(key),
      value: convert(each, depth + 1),
    }));
    return { kvlistValue: { values } };
  };
  return { value: convert(value, 0), exact };
}

/** Undoes an exact {@link toAnyValue}. Who passes a record on may leave out lists that are empty. */
export function fromAnyValue(value: AnyValue): unknown {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(fromAnyValue);
  if (!value.kvlistValue) return null;
  const members = value.kvlistValue.values ?? [];
  return Object.fromEntries(members.map(({ key, value: each }) => [key, fromAnyValue(each)]));
}

/** JSON cannot write what is not finite; protobuf's JSON has names for it. */
function number(value: number): AnyValue {
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}
