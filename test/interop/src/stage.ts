// One run's processes: a server, a subscriber and a publisher, each of any implementation, and what a scenario can do to them.

import { setTimeout as sleep } from 'node:timers/promises';
import { Header } from '@runnel/protocol';
import { Books } from './books.ts';
import type { Parties } from './implementations.ts';
import type { Peer } from './peer.ts';
import type { Plan, Step } from './script.ts';

/** When nothing has happened for this long, nothing more will. Longer than a subscriber takes to take its position as void. */
const QUIET_MS = 5_000;

/** A peer that has not ended by then waits for something that will not come. */
const END_MS = 3_000;

/** Disposing of it ends every process it started. */
export class Stage {
  readonly books: Books;
  readonly #plan: Plan;
  readonly #parties: Parties;
  #server!: Peer;
  #publisher!: Peer;
  #subscriber!: Peer;
  #url = '';

  constructor(plan: Plan, parties: Parties) {
    this.books = new Books(plan);
    this.#plan = plan;
    this.#parties = parties;
  }

  async open(): Promise<void> {
    await this.#startServer(0);
    this.#subscriber = await this.#parties.subscriber.subscriber(this.#url, this.books.received, this.#plan.kind);
    await this.startPublisher();
  }

  publish(from: number, to: number): void {
    for (const group of this.#plan.steps.slice(from, to)) for (const step of group) this.#publisher.send(step);
  }

  /** All below `count` that ever will have arrived, or nothing happens any more. */
  arrived(count: number): Promise<boolean> {
    return this.books.until(() => this.books.through(count), QUIET_MS);
  }

  /** The channel's head has passed `count` segments; lines are given a moment, since nobody says when they are written. */
  async settled(count: number): Promise<void> {
    if (this.#plan.kind === 'jsonl') return sleep(200);
    await this.#headReaches(count);
  }

  async startPublisher(): Promise<void> {
    this.#publisher = await this.#parties.publisher.publisher(this.#url, this.books.published, this.#plan.kind);
  }

  async killPublisherMidway(index: number): Promise<void> {
    const before = await this.#head();
    this.#publisher.send(unfinished(this.#plan, index));
    if (this.#plan.kind === 'bytes') await this.#headReaches(before + 1);
    else await this.arrived(index + 1);
    await this.#publisher.kill();
  }

  async leave(): Promise<void> {
    this.#publisher.send({ end: 'leave' } satisfies Step);
    await this.#publisher.exited;
  }

  async stopSubscriber(): Promise<void> {
    await this.#subscriber.stop();
  }

  async startSubscriber(): Promise<void> {
    this.books.restarted();
    const { subscriber } = this.#parties;
    this.#subscriber = await subscriber.subscriber(
      this.#url,
      this.books.received,
      this.#plan.kind,
      this.books.position,
    );
  }

  async restartServer(): Promise<void> {
    const { port } = new URL(this.#url);
    await this.#server.stop();
    await this.#startServer(Number(port));
  }

  /** The publisher goes and the channel ends, so that the subscriber sees the end or is stopped. Throws where one of them crashed. */
  async finish(): Promise<void> {
    this.#publisher.send({ end: 'close' } satisfies Step);
    await ended('publisher', this.#publisher);
    await fetch(this.#url, { method: 'DELETE' }); // Not every publisher closes its channel.
    await ended('subscriber', this.#subscriber);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [this.#publisher, this.#subscriber, this.#server].filter(Boolean);
    await Promise.all(left.map((peer) => peer.kill()));
  }

  async #startServer(port: number): Promise<void> {
    this.#server = await this.#parties.server.server(port);
    this.#url = `${this.#server.ready.url}c`;
    const mime = this.#plan.kind === 'jsonl' ? 'application/jsonl' : 'application/octet-stream';
    const created = await fetch(this.#url, { method: 'POST', headers: { [Header.expectContent]: mime } });
    if (created.status !== 200) throw new Error(`the channel was not created: ${created.status}`);
  }

  async #head(): Promise<number> {
    return Number(await (await fetch(`${this.#url}/next`)).text());
  }

  async #headReaches(head: number): Promise<void> {
    for (let tries = 0; (await this.#head()) < head; tries++) {
      if (tries > 500) throw new Error(`the head did not reach ${head}`);
      await sleep(20);
    }
  }
}

/** Waits for a peer to end, and tells it to when it does not. */
async function ended(role: string, peer: Peer): Promise<void> {
  const code = await Promise.race([peer.exited, sleep(END_MS, undefined, { ref: false })]);
  if (code === undefined) await peer.stop();
  else if (code !== 0) throw new Error(`the ${role} ended with ${code}`);
}

/** The step for `index`, but without an end: half a segment and a long wait, or a line in a segment that stays open. */
function unfinished(plan: Plan, index: number): Step {
  const size = plan.sizes[index] ?? 0;
  if (plan.kind === 'jsonl') return { line: { index, size } };
  return { segment: { index, pieces: [Math.ceil(size / 2), Math.floor(size / 2)], pauseMs: 600_000 } };
}
