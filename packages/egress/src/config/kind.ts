/** What the registry knows of a kind of sink. */
import type { Sink } from '@runnel/protocol';
import { z } from 'zod';
import type { Environment } from './environment.ts';

export interface SinkKind<Config extends object = object> {
  /** Its members in the configuration file, beside `type` and `name`. */
  readonly schema: z.ZodType<Config>;
  /** Whether envelopes leave this machine by it. */
  readonly remote: boolean;
  /** The sinks that the familiar variables ask for, as members of a configuration file, which `schema` then checks. */
  fromEnv(env: Environment): readonly (object & { readonly name?: string })[];
  /** The sink. Rejects if a library is missing. */
  open(config: Config, name: string | undefined): Sink | Promise<Sink>;
}

/** Keeps the type of the configuration between `schema` and `open`. */
export const sinkKind = <Config extends object>(kind: SinkKind<Config>): SinkKind => kind as unknown as SinkKind;

/** A URL that can be asked: fetch takes no user and password in it. */
export const httpUrl = z.url({ protocol: /^https?$/ }).refine(
  (url) => {
    if (!URL.canParse(url)) return true;
    const { username, password } = new URL(url);
    return !username && !password;
  },
  { error: 'has a user or password in it; use a key or headers' },
);

/** A secret, or the file that holds it. */
export const key = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })]);

export const headers = z.record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/));

/** What has a value: options that are undefined are left out. */
export type Given<T> = { [Name in keyof T]: Exclude<T[Name], undefined> };
export const given = <T extends object>(options: T): Given<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
