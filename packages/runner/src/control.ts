/** What a client asks of the runner, and the answers. PROTOCOL.md sections 8.1 and 8.2. */
import { controlMessage } from '@runnel/protocol';
import { describeError } from './guard.ts';

/** A message of the control channel: a JSON object, of whatever shape its type asks for. */
export type ControlRequest = Readonly<Record<string, unknown>>;

/** Answers a request: what it returns becomes members of the answer, what it throws becomes an `error`. */
export type RequestHandler = (request: ControlRequest) => object | undefined | Promise<object | undefined>;

export interface ControlOptions {
  readonly handlers: ReadonlyMap<string, RequestHandler>;
  /** Takes a statement of the control state and answers it; returns what is wrong with it where that cannot be said to its sender. */
  readonly steer: (message: ControlRequest) => string | undefined;
  /** Queues an answer; false if it is no JSON or over the event cap. */
  readonly answer: (kind: string, message: object) => boolean;
}

/** Requests whose handlers have not settled. More are refused. */
const MOST_OPEN = 64;

const ANSWERS: Readonly<Record<string, string>> = {
  start_stream: 'stream_started',
  stop_stream: 'stream_stopped',
  parameters: 'parameters_ack',
};

const specified = new Set<string>(controlMessage.options.map((option) => option.shape.type.value));

/**
 * Makes the function that takes each message of the control channel. A ping is answered at once. A request goes to its handler, in the order
 * of arrival but without waiting for the one before, and is answered when the handler settles, if it has a `request_id`. What cannot be
 * understood or served is answered with `error`. The function never throws.
 */
export function controlDispatcher({ handlers, steer, answer }: ControlOptions): (message: ControlRequest) => void {
  let open = 0;

  const fail = (message: ControlRequest, error: string) => {
    answer('error', { type: 'error', ...requestIdOf(message), error });
  };

  const serve = async (type: string, handler: RequestHandler, message: ControlRequest) => {
    open++;
    try {
      const result = await handler(message);
      const id = requestIdOf(message);
      const kind = ANSWERS[type] ?? 'api_response';
      if (id.request_id === undefined || answer(kind, { ...result, type: kind, ...id })) return;
      fail(message, 'the answer is no JSON, or too large');
    } catch (error) {
      fail(message, describeError(error).message);
    } finally {
      open--;
    }
  };

  return (message) => {
    const { type } = message;
    // `{"keep":"alive"}` has no type: it only keeps the channel.
    if (typeof type !== 'string' || type === 'keep') return;
    const complaint = type === 'control' ? steer(message) : complaintAbout(type, message);
    const handler = handlers.get(type);
    if (complaint !== undefined) fail(message, complaint);
    else if (type === 'control') return;
    else if (type === 'ping') answer('pong', { type: 'pong', ...requestIdOf(message), timestamp: message.timestamp });
    else if (handler === undefined) fail(message, `unknown type ${JSON.stringify(type.slice(0, 100))}`);
    else if (open >= MOST_OPEN) fail(message, `busy: ${MOST_OPEN} requests are open`);
    else void serve(type, handler, message);
  };
}

/** What is wrong with a message of a type that the protocol specifies. */
function complaintAbout(type: string, message: ControlRequest): string | undefined {
  if (!specified.has(type)) return undefined;
  const issue = controlMessage.safeParse(message).error?.issues[0];
  return issue && `${type}: ${issue.path.join('.')}: ${issue.message}`;
}

function requestIdOf({ request_id: id }: ControlRequest): { request_id?: string } {
  return typeof id === 'string' ? { request_id: id } : {};
}
