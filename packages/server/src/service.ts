/** What the handlers of a server work with. */
import type { Core } from './core.ts';
import type { Hub } from './hub.ts';
import type { Settings } from './options.ts';

export interface Service {
  readonly core: Core;
  readonly hub: Hub;
  readonly settings: Settings;
  /** No new work is taken. PROTOCOL.md section 4.8. */
  stopping: boolean;
}
