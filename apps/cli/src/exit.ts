/** How the command ends: its exit codes, and the one sentence it says when something went wrong. */
import { TrickleError } from '@runnel/protocol';
import { CommanderError } from 'commander';

/** The exit codes, as `--help` and the README list them. */
export const Exit = { ok: 0, failed: 1, usage: 2, notFound: 3, gaveUp: 4, interrupted: 130 } as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0    done; for serve and relay also: stopped by Ctrl-C or SIGTERM
  1    failed; the reason is on standard error
  2    wrong usage
  3    the channel was not found and never existed, or the server or relay has no such thing
  4    gave up: the server, relay or runner cannot be reached, or does not answer
  130  interrupted by Ctrl-C or SIGTERM; for serve and relay: by a second one, while they were stopping`;

/** A failure the person can do something about: its message is all that is said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = Exit.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The exit code for what a command threw. */
export function exitCode(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  // Help and version end with 0; help in place of a command that was not named does not.
  if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.ok : Exit.usage;
  if (!(error instanceof TrickleError)) return Exit.failed;
  switch (error.code) {
    case 'not_found':
      return Exit.notFound;
    case 'unreachable':
    case 'gave_up':
      return Exit.gaveUp;
    case 'aborted':
      return Exit.interrupted;
    case 'invalid':
      return Exit.usage;
    default:
      return Exit.failed;
  }
}

/** What is said about an error; undefined where everything is said already. A stack only for what nobody foresaw. */
export function sentence(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  if (error instanceof TrickleError) return error.code === 'aborted' ? undefined : withCause(error);
  if (error instanceof CommandError || isSystemError(error)) return error.message;
  return error instanceof Error ? error.stack : String(error);
}

function withCause(error: TrickleError): string {
  const { cause, message } = error;
  const detail =
    cause instanceof TrickleError ? withCause(cause) : isSystemError(cause) ? cause.message || cause.code : '';
  return detail && !message.includes(detail) ? `${message}: ${detail}` : message;
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
