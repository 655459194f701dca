/** Whose telemetry may leave. EGRESS 1.23; without any of this the operator's choice of sinks is the consent. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Clock, type Envelope, systemClock, TrickleError } from '@runnel/protocol';

export interface Consent {
  /** Whether its user has granted it. An envelope that names no user has no grant. */
  allows(envelope: Envelope): boolean;
  readonly users: ReadonlySet<string>;
  /** Throws TrickleError `invalid` for what cannot be a user's id, the system's error if the file cannot be written. */
  grant(user: string): void;
  /** From now on nothing of the user goes out. Throws as `grant`. */
  takeBack(user: string): void;
  /** Calls `listener` when a grant is taken back, whichever way. The result takes it back. */
  onTakenBack(listener: (user: string) => void): () => void;
  /** Stops looking at the file. */
  close(): void;
}

export interface ConsentOptions {
  /** Users' ids, one a line. It is looked at every second, and written by `grant` and `takeBack`. Default: grants are in memory alone. */
  readonly file?: string;
  readonly clock?: Clock;
}

const LOOK_MS = 1000;

/** Consent by a grant for each `user_id`. A file that is missing holds no grants; one that cannot be read takes none back. The caller closes it. */
export function explicitConsent({ file, clock = systemClock }: ConsentOptions = {}): Consent {
  let users = new Set(file === undefined ? [] : (readUsers(file) ?? []));
  const listeners = new Set<(user: string) => void>();
  let cancel = () => {};

  function become(next: Set<string>): void {
    const gone = [...users].filter((user) => !next.has(user));
    users = next;
    for (const user of gone) for (const listener of listeners) listener(user);
  }

  function change(next: Set<string>): void {
    // Memory first: a grant that is taken back must not live on because a disk is full.
    become(next);
    if (file !== undefined) writeUsers(file, next);
  }

  function look(path: string): void {
    const read = readUsers(path);
    if (read) become(new Set(read));
    cancel = clock.after(LOOK_MS, () => look(path));
  }

  if (file !== undefined) cancel = clock.after(LOOK_MS, () => look(file));
  return {
    allows: (envelope) => {
      const user = userOf(envelope);
      return user !== undefined && users.has(user);
    },
    get users() {
      return users;
    },
    grant: (user) => change(new Set([...users, checked(user)])),
    takeBack: (user) => change(new Set([...users].filter((each) => each !== user))),
    onTakenBack(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => cancel(),
  };
}

/** What `RUNNEL_CONSENT` and `RUNNEL_CONSENT_FILE` ask for; undefined where they ask for nothing. Throws TrickleError `invalid` for what they cannot mean. */
export function consentFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock = systemClock,
): Consent | undefined {
  const { RUNNEL_CONSENT: mode = '', RUNNEL_CONSENT_FILE: file } = env;
  if (mode === '' && !file) return undefined;
  if (mode !== 'explicit')
    throw new TrickleError('invalid', 'RUNNEL_CONSENT is explicit, or not set; RUNNEL_CONSENT_FILE needs it');
  return explicitConsent({ clock, ...(file && { file }) });
}

/** The `user_id` of an event; undefined if it names none. */
export function userOf({ bytes }: Envelope): string | undefined {
  try {
    const user = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())?.data?.user_id;
    return typeof user === 'string' && user !== '' ? user : undefined;
  } catch {
    return undefined;
  }
}

function checked(user: string): string {
  if (user.trim() !== user || !/^[^\p{Cc}]{1,256}$/u.test(user))
    throw new TrickleError('invalid', 'that is no id of a user');
  return user;
}

function readUsers(file: string): string[] | undefined {
  if (!existsSync(file)) return [];
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  } catch {
    return undefined;
  }
}

function writeUsers(file: string, users: ReadonlySet<string>): void {
  writeFileSync(`${file}.new`, [...users].map((user) => `${user}\n`).join(''));
  renameSync(`${file}.new`, file);
}
