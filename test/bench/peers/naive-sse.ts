/** Server-sent events on plain node:http, as a first version of many services has them. */
import { nodeServer, type Peer } from './peer.ts';

export const naiveSse: Peer = () => nodeServer('naive-sse.ts', 'sse');
