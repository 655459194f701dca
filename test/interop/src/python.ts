// The Python peers: aiohttp clients with the habits of livepeer-python-gateway and of pytrickle.

import { type Peer, type PeerEvent, startPeer } from './peer.ts';
import { pythonCommand } from './toolchain.ts';

/** Starts a publisher that follows the steps sent to it (script.ts). The caller ends or stops it. Throws where Python is missing. */
export async function pythonPublisher(
  channelUrl: string,
  onEvent: (event: PeerEvent) => void,
  ...flags: string[]
): Promise<Peer> {
  return startPeer(await pythonCommand(), ['pub', channelUrl, ...flags], onEvent);
}

/** Starts a subscriber; ready once its first request is on the wire. It ends with its channel, or the caller stops it. */
export async function pythonSubscriber(
  channelUrl: string,
  onEvent: (event: PeerEvent) => void,
  ...flags: string[]
): Promise<Peer> {
  return startPeer(await pythonCommand(), ['sub', channelUrl, ...flags], onEvent);
}
