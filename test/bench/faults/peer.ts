/** One who sends events: what it is called, how it is set up, and how its requests are read. */
import type { Wire } from '@runnel/faults/scripted-sink';

export interface Peer {
  readonly name: string;
  /** What it was set to, for the reader of the table. */
  readonly settings: string;
  readonly wire: Wire;
  /** Sets it up to send to `url`. `say` takes what it says on its own channel for errors. */
  start(url: string, say: (sentence: string) => void): Sender | Promise<Sender>;
}

export interface Sender {
  /** Hands over one event, as an application does. */
  send(id: string): void;
  /** Its own way to end. Resolves with what it says of what became of the events; rejects if it says so by rejecting. */
  shutdown(): Promise<string>;
}
