/** Trickle's wire on plain node:http, a write per chunk and reader. */
import { nodeServer, type Peer } from './peer.ts';

export const naiveHttp: Peer = () => nodeServer('naive-http.ts', 'trickle');
