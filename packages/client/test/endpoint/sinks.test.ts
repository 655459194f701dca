import { type Sink, SinkError } from '@runnel/protocol';
import { expect, test } from 'vitest';
import { type DeadPage, type FeedStatus, openJournal } from '../../src/index.ts';
import { event, eventually, freshPath, line } from '../loop.ts';
import { eventsOf, nextOf } from './feed.ts';
import { served } from './served.ts';

/** Refuses for ever what its `refuses` says, one by one. */
function pickySink(): Sink & { refuses: (id: string) => boolean; readonly taken: string[] } {
  return {
    name: 'picky',
    refuses: () => true,
    taken: [],
    traits: { order: 'all', maxBatch: 100 },
    async send(batch) {
      const refused = batch.flatMap(({ id = '' }, place) =>
        this.refuses(id) ? [{ place, reason: 'no <taste>' }] : [],
      );
      this.taken.push(...batch.map(({ id = '' }) => id).filter((id) => !this.refuses(id)));
      return { refused };
    },
    async close() {},
  };
}

const journals = { memory: () => openJournal(), file: () => openJournal({ path: freshPath() }) };

async function withDead(count: number, journal = journals.memory(), text?: (n: number) => string) {
  const sink = pickySink();
  const it = await served({ sinks: [sink], journal });
  it.relay.open('demo');
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  await it.events('demo').writeMany(numbers.map((n) => line(n, '0a1b2c3d', text?.(n) ?? event(`e${n}`))));
  await eventually(() => expect(it.relay.status().sinks).toMatchObject([{ dead: count, dropped: { refused: count } }]));
  const dead = async (query = '') => (await (await it.ask(`/sinks/picky/dead${query}`)).json()) as DeadPage;
  const replay = (body: unknown, sinkName = 'picky') =>
    it.ask(`/sinks/${sinkName}/replay`, { method: 'POST', body: JSON.stringify(body) });
  return { ...it, sink, dead, replay };
}

test('dead letters come newest first, a page at a time, in full', async () => {
  const { dead, relay } = await withDead(7);
  const first = await dead('?limit=3');
  expect(first).toMatchObject({ total: 7, letters: [{ id: 'e7' }, { id: 'e6' }, { id: 'e5' }] });
  expect(first.letters[0]).toMatchObject({ session: 'demo', reason: 'no <taste>', event: event('e7') });
  expect(first.letters[0]?.at).toBeGreaterThanOrEqual(relay.startedAt);
  const second = await dead(`?limit=3&before=${first.next}`);
  expect(second.letters.map(({ id }) => id)).toEqual(['e4', 'e3', 'e2']);
  const last = await dead(`?limit=3&before=${second.next}`);
  expect(last).toMatchObject({ total: 7, letters: [{ id: 'e1' }] });
  expect(last).not.toHaveProperty('next');
});

test('what a destination answered stands with the letter', async () => {
  const sink: Sink = {
    name: 'picky',
    async send() {
      throw new SinkError('refused', 'HTTP 422', { status: 422, response: '<script>alert(1)</script>' });
    },
    async close() {},
  };
  const { relay, events, ask } = await served({ sinks: [sink] });
  relay.open('demo');
  await events('demo').write(line(1));
  await eventually(() => expect(relay.status().sinks[0]?.dead).toBe(1));
  const answer = await ask('/sinks/picky/dead');
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(await answer.json()).toMatchObject({ letters: [{ status: 422, response: '<script>alert(1)</script>' }] });
});

test('an event is there verbatim, whatever it holds, and large ones make a page end early', async () => {
  const odd = '\\u0000 \\ud800 </script>\u2028 \u202e <img src=x>';
  const texts = (n: number) => event(`e${n}`, { odd, filler: 'x'.repeat(n === 1 ? 10 : 700_000) });
  const { dead } = await withDead(3, undefined, texts);
  const page = await dead();
  expect(page.letters.map(({ id }) => id)).toEqual(['e3']);
  const next = await dead(`?before=${page.next}`);
  expect(next.letters.map(({ event: text }) => text)).toEqual([texts(2), texts(1)]);
});

test.each(['memory', 'file'] as const)(
  'all are sent again from a journal in %s, and the feed says how far that is',
  async (where) => {
    const { sink, replay, ask, relay, dead } = await withDead(5, journals[where]());
    const feed = eventsOf(await ask('/feed'));
    sink.refuses = (id) => id === 'e2';
    const answer = await replay({ all: true });
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as { id: number };
    const { errands } = await nextOf<FeedStatus>(feed, (it) => it.errands[0]?.state === 'done');
    expect(errands).toMatchObject([{ id, sink: 'picky', kind: 'replay_dead', done: 5, total: 5 }]);
    expect(errands[0]?.askedAt).toBeGreaterThanOrEqual(relay.startedAt);
    await eventually(() => expect(sink.taken.toSorted()).toEqual(['e1', 'e3', 'e4', 'e5']));
    // What is refused again is dead again, and the books balance.
    await eventually(() => expect(relay.status().sinks).toMatchObject([{ out: 4, pending: 0, dead: 1, in: 10 }]));
    expect(await dead()).toMatchObject({ total: 1, letters: [{ id: 'e2' }] });
  },
);

test('large ones are sent again a few at a time, however many there are', async () => {
  const { sink, relay } = await withDead(4, undefined, (n) => event(`e${n}`, { filler: 'x'.repeat(4_500_000) }));
  sink.refuses = () => false;
  relay.errands.ask({ kind: 'replay_dead', sink: 'picky' });
  const steps = new Set<number>();
  for (;;) {
    const [errand] = relay.errands.newest;
    steps.add(errand?.done ?? 0);
    if (errand?.state === 'done') break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([...steps]).toEqual([0, 2, 4]);
  await eventually(() => expect(sink.taken).toHaveLength(4));
});

test('one alone is sent again, and the others stay', async () => {
  const { sink, replay, dead, relay } = await withDead(3);
  sink.refuses = () => false;
  const [, letter] = (await dead()).letters;
  await replay({ number: letter?.number });
  await eventually(() => expect(sink.taken).toEqual(['e2']));
  expect((await dead()).letters.map(({ id }) => id)).toEqual(['e3', 'e1']);
  await replay({ number: letter?.number });
  await eventually(() =>
    expect(relay.errands.newest).toMatchObject([
      { state: 'done' },
      { state: 'failed', error: expect.stringContaining('no dead letter') },
    ]),
  );
});

test('errands are carried out one after the other, and those that wait say so', async () => {
  const { sink, relay } = await withDead(2);
  const hanging = Promise.withResolvers<undefined>();
  sink.refuses = () => false;
  sink.send = () => hanging.promise;
  const ids = [1, 2].map(() => relay.errands.ask({ kind: 'replay', sink: 'picky', from: 1 }));
  expect(relay.errands.newest).toMatchObject([{ id: ids[0] }, { id: ids[1], state: 'waiting' }]);
  await eventually(() => expect(relay.errands.newest[0]?.state).not.toBe('waiting'));
  hanging.resolve(undefined);
  await eventually(() => expect(relay.errands.newest.map(({ state }) => state)).toEqual(['done', 'done']));
});

test('while a hundred wait, more are refused', async () => {
  const {
    sink,
    relay,
    events,
    sink: { name },
    replay,
  } = await withDead(1);
  // The first waits until the lane has let go of this.
  const hanging = Promise.withResolvers<undefined>();
  sink.send = () => hanging.promise;
  await events('demo').write(line(1, 'ffffffff'));
  await eventually(() => expect(relay.status().sinks[0]?.state).toBe('sending'));
  for (let n = 0; n < 100; n++) relay.errands.ask({ kind: 'replay_dead', sink: name });
  const refused = await replay({ all: true });
  expect([refused.status, await refused.text()]).toEqual([503, '100 requests wait already\n']);
  hanging.resolve(undefined);
  await eventually(() => expect(relay.errands.newest.map(({ state }) => state)).toEqual(Array(20).fill('done')));
  expect((await replay({ all: true })).status).toBe(202);
});

test.each([
  ['/sinks/none/dead', 404],
  ['/sinks/picky/dead?limit=0', 400],
  ['/sinks/picky/dead?limit=51', 400],
  ['/sinks/picky/dead?before=x', 400],
  ['/sinks/picky/dead?before=-1', 400],
])('GET %s is answered %i', async (path, status) => {
  const { ask } = await withDead(1);
  expect((await ask(path)).status).toBe(status);
});

test('a replay of nothing, of too much, or of no sink is refused with a reason', async () => {
  const { replay } = await withDead(1);
  for (const body of [{}, null, { all: false }, { number: '1' }, { number: 1.5 }, { number: 1, all: true }])
    expect((await replay(body)).status).toBe(400);
  expect((await replay({ all: true }, 'none')).status).toBe(404);
  expect((await replay({ all: true, more: 'x'.repeat(300_000) })).status).toBe(413);
});
