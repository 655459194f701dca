/** @runnel/server as `serve` gives it. */
import { nodeServer, type Peer } from './peer.ts';

export const ours: Peer = () => nodeServer('ours.ts', 'trickle');
