/** A network that fails: a TCP proxy that passes bytes on, or cuts, delays, or swallows them. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Weather =
  | 'fair'
  /** Connections are reset, new ones too. */
  | 'cut'
  /** Each byte comes a tenth of a second late. */
  | 'slow'
  /** Half open: nothing passes, and neither side is told. What was connected then stays lost; in fair weather the other side is told when one lets go, as by TCP's probes. */
  | 'silent';

export interface TcpProxy {
  /** The target's address, through the proxy. */
  readonly url: string;
  turn(weather: Weather): void;
  close(): Promise<void>;
}

const LATE_MS = 100;

/** Listens on loopback in front of `target`, in fair weather. The caller closes it. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port, pathname } = new URL(target);
  const pairs = new Set<Pair>();
  let weather: Weather = 'fair';
  const server = createServer((near) => {
    if (weather === 'cut') return void near.resetAndDestroy();
    const pair = new Pair(near, connect(Number(port), hostname), () => weather);
    pairs.add(pair);
    pair.gone.then(() => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reset = () => {
    for (const pair of pairs) pair.reset();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    turn(next) {
      weather = next;
      if (next === 'cut') reset();
      for (const pair of pairs) {
        if (next === 'silent') pair.isLost = true;
        if (next === 'fair') pair.tell();
      }
    },
    close() {
      reset();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A connection to the proxy and the one behind it. */
class Pair {
  /** Bytes of it were swallowed: none may follow them. */
  isLost = false;
  /** Resolves when both are closed. */
  readonly gone: Promise<unknown>;
  readonly #sockets: readonly Socket[];
  readonly #weather: () => Weather;

  constructor(near: Socket, far: Socket, weather: () => Weather) {
    this.#sockets = [near, far];
    this.#weather = weather;
    this.isLost = weather() === 'silent';
    this.gone = Promise.all(this.#sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    this.#carry(near, far);
    this.#carry(far, near);
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** One side of what was lost has let go: the other one hears of it. */
  tell(): void {
    if (this.isLost && this.#sockets.some((socket) => socket.destroyed)) this.reset();
  }

  #carry(from: Socket, to: Socket): void {
    let passed = Promise.resolve();
    const pass = (on: () => void) => {
      const due = performance.now() + (this.#weather() === 'slow' ? LATE_MS : 0);
      // One after the other, so that what comes in fair weather does not overtake what is late.
      passed = passed.then(async () => {
        const early = due - performance.now();
        if (early > 0) await sleep(early);
        if (!this.isLost && !to.destroyed) on();
      });
    };
    from.setNoDelay(true);
    from.on('data', (chunk) => pass(() => to.write(chunk)));
    from.on('end', () => pass(() => to.end()));
    from.on('error', () => {}); // Told to the other side below.
    from.on('close', (hadError) => {
      if (!this.isLost && hadError) to.resetAndDestroy();
      if (this.#weather() !== 'silent') this.tell();
    });
  }
}
