/** What an answer means, to those who publish and to those who subscribe. */
import { Header, parseSeq, Status, TrickleError, type TrickleErrorCode } from '@runnel/protocol';
import type { Answer } from './transport.ts';

/** The error that an answer stands for; undefined for 200. Closed comes before the status. */
export function refusal(answer: Answer, what: string): TrickleError | undefined {
  const { status } = answer;
  if (isClosed(answer)) return new TrickleError('closed', `${what}: the channel has ended`, { status });
  return status === Status.ok ? undefined : new TrickleError(codeOf(status), `${what}: ${status}`, { status });
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
