/** Who takes part, by the name in tables and charts. */
import { goLivepeer } from './go-livepeer.ts';
import { goModel } from './go-model.ts';
import { naiveHttp } from './naive-http.ts';
import { naiveSse } from './naive-sse.ts';
import { jetstream, nats } from './nats.ts';
import { ours, oursFast } from './ours.ts';
import type { Peer } from './peer.ts';
import { redisPubSub, redisStreams } from './redis.ts';
import { tcpRelay } from './tcp-relay.ts';

/** Every server that can carry a stream. */
export const streaming: Readonly<Record<string, Peer>> = {
  runnel: ours,
  'runnel, fast ingest': oursFast,
  'go-livepeer': goLivepeer,
  'model of the Go server': goModel,
  'nats core': nats,
  'nats JetStream': jetstream,
  'Redis pub/sub': redisPubSub,
  'Redis streams': redisStreams,
  'naive node:http': naiveHttp,
  'naive SSE': naiveSse,
  'TCP relay': tcpRelay,
};

/** All of them but those who would say nothing to a workload's question. */
export function streamingBut(...names: readonly string[]): Readonly<Record<string, Peer>> {
  return Object.fromEntries(Object.entries(streaming).filter(([name]) => !names.includes(name)));
}

/** Those that speak trickle, so that segments and waiting GETs can be asked of them. */
export const trickling: Readonly<Record<string, Peer>> = {
  runnel: ours,
  'go-livepeer': goLivepeer,
  'model of the Go server': goModel,
  'naive node:http': naiveHttp,
};
