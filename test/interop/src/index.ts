export { type GoServerOptions, goModelServer, goPublisher, goSubscriber, type RunningServer } from './go.ts';
export { type Command, type Peer, type PeerEvent, startPeer } from './peer.ts';
export { goMissing, pythonMissing } from './toolchain.ts';
