import { opentelemetry } from './opentelemetry.ts';
import type { Peer } from './peer.ts';
import { posthog } from './posthog.ts';
import { runnel, runnelRing } from './runnel.ts';
import { segment } from './segment.ts';

export const PEERS: readonly Peer[] = [runnel, runnelRing, posthog, segment, opentelemetry];
