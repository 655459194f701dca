/** @runnel/server as `serve` gives it. */
import { nodeServer, type Peer } from './peer.ts';

export const ours: Peer = () => nodeServer('ours.ts', 'trickle');

/** The same with `fastIngest`, which is off by default. */
export const oursFast: Peer = () => nodeServer('ours.ts', 'trickle', { FAST_INGEST: 'true' });
