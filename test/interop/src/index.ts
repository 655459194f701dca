export { type GoServerOptions, goModelServer, goPublisher, goServer, goSubscriber, type RunningServer } from './go.ts';
export { type Command, type Peer, type PeerEvent, startPeer } from './peer.ts';
export { pythonPublisher, pythonSubscriber } from './python.ts';
export { goMissing, goPeer, pythonMissing } from './toolchain.ts';
