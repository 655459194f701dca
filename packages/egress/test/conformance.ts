/**
 * What every sink promises, as one suite. A sink's own tests say what is particular to it; here is what whoever hands it batches may rely on: order,
 * acknowledgement, what an abort leaves behind, how refusals are told, and that it tries once.
 */
import { type Envelope, type Sink, SinkError } from '@runnel/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { envelope, envelopeOf, textOf } from './envelopes.ts';

export interface Promises {
  /** `all`: the other side has every envelope in the order of the calls. `key`: those of one session. */
  readonly order: 'all' | 'key';
  /** What of a batch may be at the other side when its `send` rejected. */
  readonly afterRejection: 'nothing' | 'any of it';
  /** How an envelope that is refused for ever is told: by its place, by refusing the whole batch for the caller to bisect, or it cannot be refused. */
  readonly refusals: 'by place' | 'whole batch' | 'none';
}

/** What the other side of a sink can be made to do; what it cannot is not tested. */
export type Can = 'fail' | 'hang' | 'refuse' | 'lock';

/** The other side of a sink, in a test's hand. */
export interface Subject {
  readonly sink: Sink;
  /** The envelopes that the other side has accepted, as text, in order. */
  received(): Promise<string[]>;
  /** How often the other side was asked so far. */
  asked?(): number;
  /** The other side is gone, and is back. */
  down?(): Promise<void>;
  back?(): Promise<void>;
  /** The other side takes requests and does not answer; resolves when it has one. `go`: it answers those that come from now on. */
  hang?(): () => Promise<unknown>;
  go?(): void;
  /** The other side refuses whatever has the envelope of that id. */
  refuse?(id: string): void;
  /** The other side does not accept the credentials; `unlock` gives the sink those that it does. */
  lock?(): void;
  unlock?(): void;
  stop(): Promise<void>;
}

const never = new AbortController().signal;

export interface Conformance {
  readonly promises: Promises;
  readonly can: readonly Can[];
  /** A sink that has sent nothing, and its other side. */
  open(): Promise<Subject>;
}

export function sinkConformance(name: string, { promises, can, open }: Conformance): void {
  describe(`every sink: ${name}`, () => {
    let subject: Subject;
    let sink: Sink;
    beforeEach(async () => {
      subject = await open();
      sink = subject.sink;
    });
    afterEach(async () => {
      await sink.close();
      await subject.stop();
    });

    test('has a short name and says its order', () => {
      expect(sink.name).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
      expect(sink.traits?.order ?? 'all').toBe(promises.order);
      expect(typeof sink.traits?.key).toBe(promises.order === 'key' ? 'function' : 'undefined');
    });

    test('EGRESS 1.4: order and acknowledgement: when send has resolved, the other side has every envelope, to the byte and in order', async () => {
      const batches = [['a1', 'b1', 'a2'], ['b2'], ['a3', 'b3']].map((ids) => ids.map(ofSession));
      for (const batch of batches) expectAcknowledged(await sink.send(batch, never), batch.length);
      const received = await subject.received();
      const sent = batches.flat().map(textOf);
      if (promises.order === 'all') return expect(received).toEqual(sent);
      expect(received.toSorted()).toEqual(sent.toSorted());
      for (const session of ['a', 'b']) {
        expect(received.filter((text) => text.includes(`"id":"${session}`))).toEqual(
          sent.filter((text) => text.includes(`"id":"${session}`)),
        );
      }
    });

    test('an empty batch is acknowledged, and nobody is asked', async () => {
      expectAcknowledged(await sink.send([], never), 0);
      if (subject.asked) expect(subject.asked()).toBe(0);
    });

    test('the batch stays as it was', async () => {
      const batch = Object.freeze([ofSession('a1'), ofSession('b1')].map((each) => Object.freeze(each)));
      const before = batch.map(textOf);
      await sink.send(batch, never);
      expect(batch.map(textOf)).toEqual(before);
    });

    test('EGRESS 1.15: refusals: what is no envelope holds up no other, and is forwarded as it is or refused by its place', async () => {
      const report = await sink.send([ofSession('a1'), envelopeOf('{"id":"x", no'), ofSession('a2')], never);
      const received = await subject.received();
      expect(received.filter((text) => !text.includes(' no'))).toEqual([ofSession('a1'), ofSession('a2')].map(textOf));
      const refused = report?.refused ?? [];
      expect(refused).toEqual(received.length === 3 ? [] : [{ place: 1, reason: 'malformed' }]);
    });

    if (can.includes('refuse')) {
      test('EGRESS 2.11: refusals: an envelope that the other side refuses is told as promised, and the others are not lost', async () => {
        subject.refuse?.('a2');
        const batch = ['a1', 'a2', 'b1'].map(ofSession);
        if (promises.refusals === 'by place') {
          const report = await sink.send(batch, never);
          expect(report?.refused).toMatchObject([{ place: 1, reason: expect.any(String) }]);
        } else {
          await expect(sink.send(batch, never)).rejects.toMatchObject({ name: 'SinkError', kind: 'refused' });
          await sink.send([ofSession('a1'), ofSession('b1')], never);
        }
        expect((await subject.received()).toSorted()).toEqual([ofSession('a1'), ofSession('b1')].map(textOf));
      });
    }

    if (can.includes('fail')) {
      test('EGRESS 2.6: an outage: send rejects as unavailable after one attempt, and the same batch goes out when the other side is back', async () => {
        await subject.down?.();
        const batch = ['a1', 'a2'].map(ofSession);
        const error: unknown = await sink.send(batch, never).catch((error) => error);
        expect(error).toBeInstanceOf(Error);
        if (error instanceof SinkError) expect(error.kind).toBe('unavailable');
        await subject.back?.();
        expectAcknowledged(await sink.send(batch, never), 2);
        const received = await subject.received();
        if (promises.afterRejection === 'nothing') return expect(received).toEqual(batch.map(textOf));
        expect([...new Set(received)]).toEqual(batch.map(textOf));
      });
    }

    if (can.includes('refuse')) {
      test('it tries once: a failing other side is asked once a send', async () => {
        subject.refuse?.('a1');
        await sink.send([ofSession('a1')], never).catch(() => undefined);
        expect(subject.asked?.()).toBe(1);
      });
    }

    test('abort: a signal that has aborted before rejects with its reason, and nothing is sent', async () => {
      const reason = new Error('before');
      await expect(sink.send([ofSession('a1')], AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await subject.received()).toEqual([]);
      if (subject.asked) expect(subject.asked()).toBe(0);
    });

    if (can.includes('hang')) {
      test('abort: while the other side hangs, send rejects with the reason, and the next batch goes out', async () => {
        const hanging = subject.hang?.();
        const controller = new AbortController();
        const sent = sink.send([ofSession('a1')], controller.signal);
        await hanging?.();
        const reason = new Error('enough');
        controller.abort(reason);
        await expect(sent).rejects.toBe(reason);
        subject.go?.();
        await sink.send([ofSession('a1')], never);
        expect(await subject.received()).toContain(textOf(ofSession('a1')));
      });
    }

    if (can.includes('lock')) {
      test('EGRESS 2.7: credentials: when they are not accepted send rejects as unauthorized, and renewed resolves with others', async () => {
        subject.lock?.();
        await expect(sink.send([ofSession('a1')], never)).rejects.toMatchObject({ kind: 'unauthorized' });
        const controller = new AbortController();
        const givenUp = sink.renewed?.(controller.signal);
        controller.abort();
        await givenUp;
        const renewed = sink.renewed?.(never);
        subject.unlock?.();
        await renewed;
        expectAcknowledged(await sink.send([ofSession('a1')], never), 1);
      });
    }

    test('close may be called twice, and before anything was sent', async () => {
      await sink.close();
      await sink.close();
    });
  });
}

/** An envelope of the session that its id begins with. */
const ofSession = (id: string): Envelope => envelope(id, {}, { session: id.charAt(0) });

function expectAcknowledged(report: Awaited<ReturnType<Sink['send']>>, of: number): void {
  expect({ of, refused: report?.refused ?? [], retry: report?.retry ?? [], unnamed: report?.unnamed }).toEqual({
    of,
    refused: [],
    retry: [],
    unnamed: undefined,
  });
}
