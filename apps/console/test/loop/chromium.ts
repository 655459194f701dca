/** The browser of the tests: Debian's chromium, or the one that RUNNEL_CHROMIUM names. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = process.env.RUNNEL_CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser; undefined where there is one. With CI set a missing one is an error, since a skipped test would look like a passed one. */
export function chromiumMissing(): string | undefined {
  if (existsSync(path)) return undefined;
  const reason = `no browser at ${path}: apt-get install chromium, or name one in RUNNEL_CHROMIUM`;
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** The caller closes it. */
export const launchChromium = (): Promise<Browser> => chromium.launch({ executablePath: path });
