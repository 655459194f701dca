// Who can take a part in the matrix: how each implementation's server, publisher and subscriber are started, with its own habits.

import { type Command, type Peer, type PeerEvent, startPeer } from './peer.ts';
import type { Plan } from './script.ts';
import { goCommand, inWorkspace, pythonCommand } from './toolchain.ts';

type Listener = (event: PeerEvent) => void;

/** Where a subscriber had got to when it was stopped. */
export interface Position {
  readonly seq: number;
  readonly epoch: string | undefined;
}

export interface Implementation {
  readonly name: string;
  /** On `port`, 0 for any; autocreate is on. */
  server(port: number): Promise<Peer>;
  publisher(channelUrl: string, onEvent: Listener, kind: Plan['kind']): Promise<Peer>;
  /** From the beginning of a new channel, or from a position, if it can start from one. */
  subscriber(channelUrl: string, onEvent: Listener, kind: Plan['kind'], from?: Position): Promise<Peer>;
}

/** The three that meet in a run. */
export interface Parties {
  readonly publisher: Implementation;
  readonly server: Implementation;
  readonly subscriber: Implementation;
}

const lines = (kind: Plan['kind']) => (kind === 'jsonl' ? ['--lines'] : []);

/** Lines are rolled often enough for the Python reader, which gives up on a segment over 1 MiB. */
const rolled = (kind: Plan['kind']) => (kind === 'jsonl' ? ['--roll-ms', '500'] : []);

/** How long our server waits for a dead publisher to come back: short, since a run has to wait for it. */
export const RESUME_MS = 500;

export const ours: Implementation = {
  name: 'ours',
  server: async (port) =>
    startPeer(node('server'), ['--port', `${port}`, '--autocreate', '--resume-ms', `${RESUME_MS}`]),
  publisher: (url, onEvent, kind) => startPeer(node('publisher'), [url, ...lines(kind), ...rolled(kind)], onEvent),
  subscriber: (url, onEvent, kind, from) => {
    const { seq, epoch } = from ?? { seq: 0, epoch: undefined };
    const position = ['--from', `${seq}`, ...(epoch === undefined ? [] : ['--epoch', epoch])];
    return startPeer(node('subscriber'), [url, ...lines(kind), ...position], onEvent);
  },
};

export const go: Implementation = {
  name: 'go',
  server: async (port) => startPeer(await goCommand(), ['server', '--port', `${port}`, '--autocreate']),
  publisher: async (url, onEvent, kind) => startPeer(await goCommand(), ['pub', url, ...rolled(kind)], onEvent),
  subscriber: async (url, onEvent, kind, from) =>
    startPeer(await goCommand(), ['sub', url, ...lines(kind), '--from', from ? CURRENT : NEXT], counting(onEvent)),
};

/** livepeer-python-gateway's habits. */
export const python: Implementation = withPython('python', 'gateway');
export const pytrickle: Implementation = withPython('pytrickle', 'pytrickle');

const NEXT = '-1';
const CURRENT = '-2';

function withPython(name: string, habits: string): Implementation {
  const start = async (args: readonly string[], onEvent: Listener, kind: Plan['kind']) =>
    startPeer(await pythonCommand(), [...args, '--habits', habits, ...lines(kind)], onEvent);
  return {
    name,
    server: () => Promise.reject(new Error('there is no trickle server in Python')),
    publisher: (url, onEvent, kind) => start(['pub', url, ...rolled(kind)], onEvent, kind),
    subscriber: (url, onEvent, kind) => start(['sub', url], onEvent, kind),
  };
}

/** The Go subscriber's caller is told of a jump with both numbers; the Python ones jump on their own and keep none. */
function counting(onEvent: Listener): Listener {
  return (event) => {
    const { gap } = event;
    onEvent(typeof gap === 'object' ? { gap: { ...gap, counted: true } } : event);
  };
}

const node = (role: 'server' | 'publisher' | 'subscriber'): Command => [
  process.execPath,
  '--conditions=source',
  inWorkspace(`src/our-${role}.ts`),
];
