/** What an error of the Kafka client means for the batch. */
import { SinkError, type SinkErrorKind, TrickleError } from '@runnel/protocol';

/** Broker errors that are not an outage, by name, https://kafka.apache.org/protocol#protocol_error_codes. Of several the first in this list counts. */
const kinds: readonly (readonly [SinkErrorKind, readonly string[]])[] = [
  [
    'unauthorized',
    [
      'PLT_KFK_AUTHENTICATION',
      'SASL_AUTHENTICATION_FAILED',
      'UNSUPPORTED_SASL_MECHANISM',
      'ILLEGAL_SASL_STATE',
      'TOPIC_AUTHORIZATION_FAILED',
      'CLUSTER_AUTHORIZATION_FAILED',
    ],
  ],
  ['too_large', ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']],
  ['refused', ['INVALID_RECORD', 'INVALID_TIMESTAMP', 'POLICY_VIOLATION']],
];

/** Everything that is not in the list is `unavailable`: a missing topic can be made, a broker comes back. */
export function kafkaError(error: unknown, topic: string): Error {
  if (error instanceof SinkError || error instanceof TrickleError) return error;
  const all = [...within(error)];
  const names = all.flatMap(({ code, apiId }) => [code, apiId]);
  const kind = kinds.find(([, known]) => known.some((name) => names.includes(name)))?.[0] ?? 'unavailable';
  const said = [...new Set(all.map(({ message }) => message).filter(Boolean))].join(': ');
  return new SinkError(kind, `Kafka, topic ${topic}: ${said}`, { cause: error });
}

interface Part {
  readonly message: string;
  readonly code?: string;
  readonly apiId?: string;
}

/** The error, what it bundles and what caused it. */
function* within(error: unknown): Generator<Part> {
  if (!(error instanceof Error)) return;
  yield error as Part;
  if (error instanceof AggregateError) for (const each of error.errors) yield* within(each);
  yield* within(error.cause);
}
