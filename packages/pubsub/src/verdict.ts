/** What an answer means, to those who publish and to those who subscribe. */
import { Header, parseSeq, Status, TrickleError, type TrickleErrorCode } from '@runnel/protocol';
import type { Answer } from './transport.ts';

/** Retry-After is believed up to this. */
const RETRY_AFTER_MOST_MS = 60_000;

/** An answer that is none we can use. */
export class Failure extends TrickleError {
  /** How long the server wants to be left alone; 0 where it does not say. */
  readonly retryAfterMs: number;

  constructor(code: TrickleErrorCode, message: string, answer: Answer) {
    super(code, message, { status: answer.status });
    const seconds = Number(answer.header('Retry-After') ?? Number.NaN);
    this.retryAfterMs = seconds >= 0 ? Math.min(seconds * 1000, RETRY_AFTER_MOST_MS) : 0;
  }
}

/** The error of an answer that makes no sense, or none that can be used, to a subscriber. */
export function unusable(answer: Answer, message: string): Failure {
  return new Failure(isRefused(answer.status) ? 'refused' : 'unreachable', message, answer);
}

/** The error that an answer stands for; undefined for 200. Closed comes before the status. */
export function refusal(answer: Answer, what: string): TrickleError | undefined {
  const { status } = answer;
  if (isClosed(answer)) return new Failure('closed', `${what}: the channel has ended`, answer);
  return status === Status.ok ? undefined : new Failure(codeOf(status), `${what}: ${status}`, answer);
}

export function isClosed(answer: Answer): boolean {
  return answer.header(Header.closed) !== undefined;
}

/** A seq in a header; undefined where there is none that makes sense. */
export function seqOf(answer: Answer, name: typeof Header.seq | typeof Header.latest): number | undefined {
  const seq = parseSeq(answer.header(name) ?? '');
  return seq !== undefined && seq >= 0 ? seq : undefined;
}

/** Whether the server would not, rather than could not. */
export function isRefused(status: number): boolean {
  return (status >= 400 && status < 500) || status === Status.unavailable;
}

function codeOf(status: number): TrickleErrorCode {
  if (status === Status.notFound) return 'not_found';
  if (status === Status.conflict) return 'conflict';
  if (status === Status.tooLarge) return 'too_large';
  return isRefused(status) ? 'refused' : 'unreachable';
}
