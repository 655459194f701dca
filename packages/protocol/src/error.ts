/** What can go wrong in trickle, by code. Callers branch on the code, never on the message. */
export type TrickleErrorCode =
  /** The channel does not exist and, as far as the caller knows, never did. */
  | 'not_found'
  /** The channel has ended. */
  | 'closed'
  /** The segment is finished or has left the window (409). */
  | 'conflict'
  /** Over a limit (413, or a limit of the client's own). */
  | 'too_large'
  /** The server refused by policy or for want of room (any other 4xx, 503). */
  | 'refused'
  /** No connection, a broken one, or an answer that is none. */
  | 'unreachable'
  /** Tried as often as agreed, without success. */
  | 'gave_up'
  /** The caller aborted, or closed what it now uses. */
  | 'aborted'
  /** The caller's arguments or configuration cannot be used. */
  | 'invalid';

/** The one error class of the packages. `cause` holds the error beneath, `status` the HTTP status where there was one. */
export class TrickleError extends Error {
  override readonly name = 'TrickleError';
  readonly code: TrickleErrorCode;
  readonly status: number | undefined;

  constructor(code: TrickleErrorCode, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = options.status;
  }
}
