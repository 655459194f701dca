/** The policy a server must ask for the cases that need the feature "policy". The request itself says how it is to be decided. */

/** Request header of the suite's own: a status, or `throw`. Absent: allowed. */
export const POLICY_HEADER = 'Conformance-Policy';

/** What a hook refuses with. */
export interface Verdict {
  readonly status: number;
  readonly text: string;
}

/**
 * Decides for a hook that gets the channel's name and the request's headers. Returns what to refuse with, or undefined to allow.
 * Throws an Error when the request asks for a policy that fails.
 */
export function policy(name: string, headers: Headers): Verdict | undefined {
  const asked = headers.get(POLICY_HEADER);
  if (asked === null) return undefined;
  if (asked === 'throw') throw new Error('the policy failed, as it was asked to');
  return { status: Number(asked), text: refusalOf(name) };
}

/** The text with which {@link policy} refuses a name. */
export function refusalOf(name: string): string {
  return `Not for ${name}`;
}
