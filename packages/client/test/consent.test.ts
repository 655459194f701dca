import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Sink, SinkError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEndpoint, explicitConsent, openJournal, openReader } from '../src/index.ts';
import { collectingSink, event, eventually, freshPath, line, startLoop } from './loop.ts';

const by = (seq: number, user?: string) =>
  line(seq, 'aaaaaaaa', event(`e${seq}`, user === undefined ? {} : { user_id: user }));

describe('EGRESS 1.23: explicit consent', () => {
  test('EGRESS 1.23: only what a user granted goes to journal and sink; the rest is counted as withheld', async () => {
    const consent = explicitConsent();
    consent.grant('ann');
    const { relay, sink, events } = startLoop({ consent });
    const session = relay.open('demo');
    await events('demo').writeMany([by(1, 'ann'), by(2, 'bob'), by(3), by(4, 'ann')]);
    await sink.count(2);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['e1', 'e4']);
    expect(session.books.telemetry).toMatchObject({ in: 4, relayed: 2, withheld: 2 });
    expect(relay.status().journal.rows).toBeLessThanOrEqual(2);
  });

  test('EGRESS 1.23: taking a grant back deletes what was not sent, for all sinks and of the dead, counts it, and writes down when', async () => {
    const path = freshPath();
    const consent = explicitConsent();
    for (const user of ['ann', 'bob']) consent.grant(user);
    const batches: (string | undefined)[] = [];
    let down = true;
    const first: Sink = {
      name: 'first',
      traits: { order: 'all', maxBatch: 5 },
      async send(batch) {
        if (down) throw new SinkError('unavailable', 'down');
        batches.push(...batch.map(({ id }) => id));
      },
      async close() {},
    };
    const picky: Sink = {
      name: 'picky',
      send: () => Promise.reject(new SinkError('refused', 'never')),
      async close() {},
    };
    const { relay, events } = startLoop({ consent, journal: openJournal({ path }), sinks: [first, picky] });
    relay.open('demo');
    await events('demo').writeMany(Array.from({ length: 40 }, (_, at) => by(at + 1, at % 2 ? 'ann' : 'bob')));
    await eventually(() =>
      expect(relay.status().sinks).toMatchObject([
        { in: 40, pending: 40, error: 'down' },
        { dropped: { refused: 40 } },
      ]),
    );
    consent.takeBack('ann');
    down = false;
    await eventually(() =>
      expect(relay.status().sinks[0]).toMatchObject({ in: 40, out: 20, pending: 0, dropped: { consent: 20 } }),
    );
    expect(batches).toEqual(Array.from({ length: 20 }, (_, at) => `e${at * 2 + 1}`));
    await eventually(() => {
      const reader = openReader(path);
      const { balances, consent: rows } = reader.ledger();
      const dead = [...reader.dead()].map(({ envelope }) => envelope.id);
      reader.close();
      expect(balances).toBe(true);
      expect(rows).toEqual([{ user: 'ann', at: expect.any(Number), envelopes: expect.any(Number) }]);
      expect(dead).toEqual(batches);
    });
    await events('demo').writeMany([by(41, 'ann')]);
    await eventually(() => expect(relay.status().sessions[0]?.telemetry.withheld).toBe(1));
  });

  test('grants come from a file, one user a line, which is looked at every second', () => {
    const clock = new ManualClock();
    const file = join(dirname(freshPath()), 'grants');
    const consent = explicitConsent({ file, clock });
    onTestFinished(() => consent.close());
    expect([...consent.users]).toEqual([]);
    writeFileSync(file, 'ann\n\nbob\n');
    clock.advance(1000);
    expect([...consent.users]).toEqual(['ann', 'bob']);
    const gone: string[] = [];
    consent.onTakenBack((user) => gone.push(user));
    writeFileSync(file, 'bob\n');
    clock.advance(1000);
    consent.grant('eve');
    expect([gone, readFileSync(file, 'utf8')]).toEqual([['ann'], 'bob\neve\n']);
    expect(() => consent.grant('a\nb')).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test('the local endpoint grants and takes back', async () => {
    const consent = explicitConsent();
    const { relay } = startLoop({ consent, sinks: [collectingSink()] });
    const endpoint = createEndpoint(relay);
    expect((await endpoint.request('/consent/ann%40x', { method: 'PUT' })).status).toBe(204);
    expect(await (await endpoint.request('/consent')).text()).toBe('ann@x\n');
    expect((await endpoint.request('/consent/a%0Ab', { method: 'PUT' })).status).toBe(400);
    expect((await endpoint.request('/consent/ann%40x', { method: 'DELETE' })).status).toBe(204);
    expect([...consent.users]).toEqual([]);
    expect((await createEndpoint(startLoop().relay).request('/consent')).status).toBe(404);
  });
});
