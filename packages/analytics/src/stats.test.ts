import { describe, expect, test } from 'vitest';
import { ann, rig, room, settle } from '../test/rig.ts';
import {
  type AnalyticsStat,
  type AnalyticsStream,
  coalesce,
  type Preset,
  type StatsKey,
  type StreamType,
} from './index.ts';
import { ReferenceGuard } from './reference-guard.ts';
import { StatsWorker } from './stats-worker.ts';
import { StatsWorkers } from './stats-workers.ts';

const key = (streamType: StreamType, over: Partial<StatsKey> = {}): StatsKey => ({
  streamType,
  participantId: 'PA_1',
  trackId: 'T1',
  ...over,
});
const up = (over?: Partial<StatsKey>) => key('UPSTREAM', over);
const down = (over?: Partial<StatsKey>) => key('DOWNSTREAM', over);
const stream = (...streams: AnalyticsStream[]): AnalyticsStat => ({ streams });

/** A service in whose room RM_1 the participant is; `add` hands samples over, `flushed` are the calls of a flush. */
function joined() {
  const base = rig();
  const { service, emitted } = base;
  service.participantJoined(room, ann, { shouldSendEvent: false });
  return {
    ...base,
    add: (stats: StatsKey, ...samples: AnalyticsStat[]) => {
      for (const sample of samples) service.trackStats('RM_1', 'stage', stats, sample);
    },
    async flushed() {
      const before = emitted.length;
      await service.flushStats();
      // Behind the flush comes the removal of old workers.
      await settle();
      return emitted
        .slice(before)
        .filter(({ type }) => type === 'STATS')
        .map(({ data }) => data.stats);
    },
  };
}

describe('EGRESS 3.15: what samples come to', () => {
  test('EGRESS 3.15: room, participant, track, direction and time are stamped on it', async () => {
    const { add, flushed, emitted } = joined();
    add(down(), stream({ primaryBytes: 33 }));
    expect(await flushed()).toEqual([
      [
        {
          kind: 'DOWNSTREAM',
          preset: 'track',
          timestampMs: 1_700_000_000_000,
          roomId: 'RM_1',
          roomName: 'stage',
          participantId: 'PA_1',
          trackId: 'T1',
          streams: [{ primaryBytes: 33 }],
        },
      ],
    ]);
    expect(emitted[0]?.data).toMatchObject({ room_id: 'RM_1', room_name: 'stage', participant_id: 'PA_1' });
  });

  test('EGRESS 3.15: bytes and packets that go down are summed', async () => {
    const { add, flushed } = joined();
    add(down(), stream({ primaryBytes: 33, primaryPackets: 1 }), stream({ primaryBytes: 23, primaryPackets: 1 }));
    expect(await flushed()).toMatchObject([[{ streams: [{ primaryBytes: 56, primaryPackets: 2 }] }]]);
  });

  test('EGRESS 3.15: tracks that go down are kept apart', async () => {
    const { add, flushed } = joined();
    add(down(), stream({ primaryBytes: 33 }));
    add(down({ trackId: 'T2' }), stream({ primaryBytes: 23 }));
    expect(await flushed()).toMatchObject([
      [
        { trackId: 'T1', streams: [{ primaryBytes: 33 }] },
        { trackId: 'T2', streams: [{ primaryBytes: 23 }] },
      ],
    ]);
  });

  test('EGRESS 3.15: down, losses and RTCP are summed, round trip and jitter the largest', async () => {
    const { add, flushed } = joined();
    add(
      down(),
      stream({ packetsLost: 3, nacks: 1, plis: 1, rtt: 23, jitter: 3 }),
      stream({ packetsLost: 4, nacks: 1, plis: 1, firs: 1, rtt: 10, jitter: 5 }),
    );
    const [[stat]] = await flushed();
    expect(stat.streams).toEqual([{ packetsLost: 7, nacks: 2, plis: 2, firs: 1, rtt: 23, jitter: 5 }]);
  });

  test('EGRESS 3.15: losses are those since the flush before', async () => {
    const { add, flushed } = joined();
    add(down(), stream({ packetsLost: 1 }));
    expect(await flushed()).toMatchObject([[{ streams: [{ packetsLost: 1 }] }]]);
    add(down(), stream({ packetsLost: 4 }));
    expect(await flushed()).toMatchObject([[{ streams: [{ packetsLost: 4 }] }]]);
  });

  test('EGRESS 3.15: down, RTCP of several tracks', async () => {
    const { add, flushed } = joined();
    add(down(), stream({ primaryBytes: 1 }), stream({ primaryBytes: 2, nacks: 1 }));
    add(down({ trackId: 'T2' }), stream({ primaryBytes: 3, firs: 1 }));
    expect((await flushed())[0].map((stat: AnalyticsStat) => stat.streams)).toEqual([
      [{ primaryBytes: 3, nacks: 1 }],
      [{ primaryBytes: 3, firs: 1 }],
    ]);
  });

  test('EGRESS 3.15: up, round trip is the largest, 33, and losses are summed, 7', async () => {
    const { add, flushed } = joined();
    add(
      up(),
      stream({ packetsLost: 3, nacks: 1, plis: 1, firs: 1, rtt: 13, jitter: 5 }),
      stream({ packetsLost: 4, nacks: 1, plis: 1, firs: 1, rtt: 33, jitter: 2 }),
    );
    const [[stat]] = await flushed();
    expect(stat).toMatchObject({ kind: 'UPSTREAM' });
    expect(stat.streams).toEqual([{ packetsLost: 7, nacks: 2, plis: 2, firs: 2, rtt: 33, jitter: 5 }]);
  });

  test('EGRESS 3.15: up, several tracks; bytes 1 and 2 are 3, and a track that ends says nothing more', async () => {
    const { add, flushed, service } = joined();
    for (const trackId of ['T1', 'T2']) add(up({ trackId }), stream({ primaryBytes: 1 }), stream({ primaryBytes: 2 }));
    expect(await flushed()).toMatchObject([
      [
        { trackId: 'T1', streams: [{ primaryBytes: 3 }] },
        { trackId: 'T2', streams: [{ primaryBytes: 3 }] },
      ],
    ]);
    service.trackUnpublished(room, ann, { sid: 'T2' });
    expect(await flushed()).toEqual([]);
  });

  test('EGRESS 3.15: a participant who leaves without statistics sends none', async () => {
    const { service, flushed } = joined();
    service.participantLeft(room, ann);
    expect(await flushed()).toEqual([]);
  });

  test('EGRESS 3.15: up, one sample is passed on as it is', async () => {
    const { add, flushed } = joined();
    add(up(), stream({ primaryBytes: 3, primaryPackets: 3 }));
    expect((await flushed())[0][0].streams).toEqual([{ primaryBytes: 3, primaryPackets: 3 }]);
  });

  test('EGRESS 3.15: simulcast, the streams of one sample become one, with its highest layer', async () => {
    const { add, flushed } = joined();
    const layer = (layer: number, n: number) => ({ layer, packets: n, bytes: 10 * n, frames: n });
    add(
      up(),
      stream(
        { ssrc: 1, primaryBytes: 1, videoLayers: [layer(0, 1)] },
        { ssrc: 2, primaryBytes: 2, videoLayers: [layer(2, 5)] },
      ),
      stream({ ssrc: 2, primaryBytes: 4, videoLayers: [layer(2, 6), layer(1, 9)] }),
    );
    const [[stat]] = await flushed();
    expect(stat.streams).toEqual([
      { primaryBytes: 7, videoLayers: [{ layer: 2, packets: 11, bytes: 110, frames: 11 }] },
    ]);
  });

  test('EGRESS 3.15: what goes up and down comes in one call, up first', async () => {
    const { add, flushed } = joined();
    add(down(), stream({ primaryBytes: 2 }));
    add(up({ trackId: 'T2' }), stream({ primaryBytes: 1 }));
    const calls = await flushed();
    expect(calls.map((stats) => stats.map(({ kind }: { kind: string }) => kind))).toEqual([['UPSTREAM', 'DOWNSTREAM']]);
  });

  test('EGRESS 3.15: the score is the mean of those that are known, beside the least and the median; times span all; the mime is the latest', async () => {
    const { add, flushed } = joined();
    const scores = [4, 0, 1, 2.5, 4.5];
    add(
      up(),
      ...scores.map((score, nth) => ({
        score,
        mime: `m${nth}`,
        streams: [{ startTimeMs: 50 - nth, endTimeMs: 60 + nth }],
      })),
    );
    expect((await flushed())[0][0]).toMatchObject({
      score: 3,
      minScore: 1,
      medianScore: 3.25,
      mime: 'm4',
      streams: [{ startTimeMs: 46, endTimeMs: 64 }],
    });
  });

  test('EGRESS 3.15: every counter is summed', async () => {
    const { add, flushed } = joined();
    const names =
      'primaryPackets primaryBytes retransmitPackets retransmitBytes paddingPackets paddingBytes packetsLost packetsOutOfOrder frames nacks plis firs';
    const sample = (n: number) => Object.fromEntries(names.split(' ').map((name, nth) => [name, n + nth]));
    add(up(), stream(sample(0)), stream(sample(100)), stream(sample(1000)));
    expect((await flushed())[0][0].streams).toEqual([
      Object.fromEntries(names.split(' ').map((name, nth) => [name, 1100 + 3 * nth])),
    ]);
  });

  test.each([
    ['streams.packetsLost', { streams: [{ primaryBytes: 9 }, { packetsLost: -1 }] }],
    ['streams.primaryBytes', { streams: [{ primaryBytes: Number.NaN }] }],
    ['streams.videoLayers.frames', { streams: [{ videoLayers: [{ layer: 0, frames: -2 }] }] }],
  ])('EGRESS 3.15: a sample whose %s is no count is left out, with a warning', async (name, bad) => {
    const { add, flushed, warnings, service } = joined();
    add(up(), bad, stream({ primaryBytes: 1 }));
    expect((await flushed())[0][0].streams).toEqual([{ primaryBytes: 1 }]);
    expect(warnings).toEqual([expect.stringContaining(name)]);
    expect(service.books.dropped.bad_counter).toBe(1);
  });

  test('EGRESS 3.15: another kind of statistic is another preset', async () => {
    const { add, flushed, service } = joined();
    const preset: Preset = {
      name: 'inference',
      fields: { fps: 'mean', worst: { by: 'max', of: 'ms' }, frames: 'sum', model: 'last' },
    };
    const samples = [
      { fps: 20, ms: 9, frames: 4, model: 'a' },
      { fps: 30, ms: 7, frames: 6, model: 'b' },
    ];
    for (const sample of samples) service.trackStats('RM_1', 'stage', up({ preset }), sample as AnalyticsStat);
    add(up(), stream({ primaryBytes: 1 }));
    expect(await flushed()).toMatchObject([
      [{ preset: 'inference', fps: 25, worst: 9, frames: 10, model: 'b' }, { preset: 'track' }],
    ]);
    expect(coalesce([{ x: 3 }, { x: 1 }, { x: 2 }], { fields: { x: 'median' } })).toEqual({ x: 2 });
  });
});

describe('EGRESS 3.9 to 3.14: workers', () => {
  test('EGRESS 3.9: a worker closes with the last of its guards, and a closed one stays closed', () => {
    const [g0, g1] = [new ReferenceGuard(), new ReferenceGuard()];
    const worker = new StatsWorker(room, ann, g0);
    expect(worker.closed(g1)).toBe(false);
    expect(worker.close(g0, 0)).toBe(false);
    expect(worker.close(g0, 0)).toBe(false);
    expect(worker.close(g1, 0)).toBe(true);
    expect(worker.closed(g1)).toBe(true);
    expect(worker.close(g1, 0)).toBe(false);
  });

  test('EGRESS 3.9: a guard that was released does not count again, and one that never came releases nothing', () => {
    const [g0, g1, stranger] = [new ReferenceGuard(), new ReferenceGuard(), new ReferenceGuard()];
    const worker = new StatsWorker(room, ann, g0);
    worker.closed(g1);
    worker.close(g0, 0);
    worker.closed(g0);
    expect(worker.close(stranger, 0)).toBe(false);
    expect(worker.close(g1, 0)).toBe(true);
  });

  test('EGRESS 3.10: one participant in two rooms has two workers, whose figures never mix', async () => {
    const { service, add, flushed } = joined();
    service.participantJoined({ sid: 'RM_2', name: 'lobby' }, ann, { shouldSendEvent: false });
    add(up(), stream({ primaryBytes: 1 }));
    service.trackStats('RM_2', 'lobby', up(), stream({ primaryBytes: 2 }));
    expect(await flushed()).toMatchObject([
      [{ roomId: 'RM_1', roomName: 'stage', streams: [{ primaryBytes: 1 }] }],
      [{ roomId: 'RM_2', roomName: 'lobby', streams: [{ primaryBytes: 2 }] }],
    ]);
  });

  test('EGRESS 3.11: who comes back has a new worker that knows of the connection; the old one is flushed and reaped on its own', async () => {
    const { service, add, flushed, clock, typesOf } = joined();
    service.participantActive(room, ann);
    add(up(), stream({ primaryBytes: 1 }));
    service.participantLeft(room, ann, { shouldSendEvent: false });
    service.participantJoined(room, ann, { shouldSendEvent: false });
    add(up(), stream({ primaryBytes: 2 }));
    expect(await flushed()).toMatchObject([[{ streams: [{ primaryBytes: 1 }] }], [{ streams: [{ primaryBytes: 2 }] }]]);
    clock.advance(180_001);
    await flushed();
    expect(service.books.workers).toBe(1);
    add(up(), stream({ primaryBytes: 4 }));
    expect(await flushed()).toMatchObject([[{ streams: [{ primaryBytes: 4 }] }]]);
    service.participantLeft(room, ann);
    await service.flushStats();
    expect(typesOf(['STATS'])).toEqual(['PARTICIPANT_ACTIVE', 'PARTICIPANT_LEFT']);
  });

  test('EGRESS 3.12: a sample for nobody is dropped and counted', async () => {
    const { add, flushed, service } = joined();
    add(up({ participantId: 'PA_9' }), stream({ primaryBytes: 1 }));
    service.trackStats('RM_9', 'elsewhere', up(), stream({ primaryBytes: 1 }));
    expect(await flushed()).toEqual([]);
    expect(service.books.dropped.unknown_worker).toBe(2);
  });

  test('EGRESS 3.12: there are at most 100,000 workers', () => {
    const workers = new StatsWorkers();
    const opened = (n: number) => workers.open(room, { sid: `PA_${n}`, identity: 'x' })?.isNew;
    for (let n = 0; n < 100_000; n++) opened(n);
    expect([opened(100_000), opened(0), workers.size]).toEqual([undefined, false, 100_000]);
  });

  test('EGRESS 3.12: what a worker has no room for before the next flush is counted, too', async () => {
    const { add, flushed, service } = joined();
    for (let n = 0; n < 4; n++) {
      add(up(), ...Array.from({ length: 1025 }, () => stream({ frames: 1 })));
      // Lets the operations run, so that their queue is not what is full.
      await settle();
    }
    expect((await flushed())[0][0].streams).toEqual([{ frames: 4096 }]);
    expect(service.books.dropped.overflow).toBe(4);
    add(up(), stream({ frames: 1 }));
    expect((await flushed())[0][0].streams).toEqual([{ frames: 1 }]);
  });

  test('EGRESS 3.13: a flush is one call for each worker with something, none without, and of two at once the second has nothing', async () => {
    const { service, add, emitted, typesOf } = joined();
    service.participantJoined(room, { sid: 'PA_2', identity: 'bob' }, { shouldSendEvent: false });
    service.participantJoined(room, { sid: 'PA_3', identity: 'eve' }, { shouldSendEvent: false });
    add(up(), stream({ frames: 1 }));
    add(down({ trackId: 'T2' }), stream({ frames: 1 }));
    add(up({ participantId: 'PA_2' }), stream({ frames: 1 }));
    await Promise.all([service.flushStats(), service.flushStats()]);
    expect(typesOf()).toEqual(['STATS', 'STATS']);
    expect(emitted.map(({ data }) => [data.participant_id, data.stats.length])).toEqual([
      ['PA_1', 2],
      ['PA_2', 1],
    ]);
  });

  test('EGRESS 3.13: it runs by itself every 30 s', async () => {
    const { add, clock, typesOf } = joined();
    for (let n = 1; n <= 2; n++) {
      add(up(), stream({ frames: 1 }));
      clock.advance(29_999);
      await expect.poll(() => typesOf().length).toBe(n - 1);
      clock.advance(1);
      await expect.poll(() => typesOf().length).toBe(n);
    }
  });

  test('EGRESS 3.13: many tracks are several events, so that each fits a line', async () => {
    const { add, flushed } = joined();
    for (let n = 0; n < 120; n++) add(up({ trackId: `T${n}` }), stream({ frames: 1 }));
    expect((await flushed()).map((stats) => stats.length)).toEqual([50, 50, 20]);
  });

  test('EGRESS 3.14: a closed worker is removed after more than three minutes, with a last flush; until then late samples count', async () => {
    const { service, add, flushed, clock } = joined();
    service.participantLeft(room, ann, { shouldSendEvent: false });
    await service.flushStats();
    clock.advance(180_000);
    add(up(), stream({ frames: 1 }));
    expect(await flushed()).toHaveLength(1);
    expect(service.books.workers).toBe(1);
    clock.advance(1);
    add(up(), stream({ frames: 2 }));
    expect(await flushed()).toMatchObject([[{ streams: [{ frames: 2 }] }]]);
    expect(service.books.workers).toBe(0);
    add(up(), stream({ frames: 4 }));
    expect(await flushed()).toEqual([]);
    expect(service.books.dropped.unknown_worker).toBe(1);
  });

  test('EGRESS 3.14: what comes while a flush is sending is not lost: neither a worker nor a sample of one that is removed next', async () => {
    const sent: unknown[] = [];
    const { service, clock } = rig({
      emit(_type, data) {
        sent.push(...((data as { stats?: unknown[] }).stats ?? []));
        if (sent.length > 1) return;
        service.participantJoined(room, { sid: 'PA_2', identity: 'bob' }, { shouldSendEvent: false });
        service.trackStats('RM_1', 'stage', up(), stream({ frames: 2 }));
      },
    });
    service.participantJoined(room, ann, { shouldSendEvent: false });
    service.participantLeft(room, ann, { shouldSendEvent: false });
    await service.flushStats();
    clock.advance(180_000);
    await settle();
    clock.advance(1);
    service.trackStats('RM_1', 'stage', up(), stream({ frames: 1 }));
    await service.flushStats();
    await settle();
    expect(sent).toMatchObject([{ streams: [{ frames: 1 }] }, { streams: [{ frames: 2 }] }]);
    expect(service.books).toMatchObject({ workers: 1, dropped: { unknown_worker: 0 } });
  });
});

describe('EGRESS 3.16: Prometheus', () => {
  const figure = (text: string, name: string, labels: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`runnel_track_${name}_total{${labels}`))
        ?.split(' ')
        .at(-1),
    );
  const sample = stream({
    primaryPackets: 10,
    primaryBytes: 100,
    paddingPackets: 1,
    paddingBytes: 10,
    retransmitPackets: 2,
    retransmitBytes: 20,
    packetsLost: 3,
    packetsOutOfOrder: 4,
    nacks: 5,
    plis: 6,
    firs: 7,
  });
  const camera = { country: 'DE', trackSource: 'CAMERA', trackType: 'VIDEO' };

  test('EGRESS 3.16: what is retransmitted counts as traffic on its way up, and is kept apart on its way down', async () => {
    const { add, service } = joined();
    add(up(camera), sample);
    add(down(camera), sample, sample);
    await service.flushStats();
    const text = await service.metrics();
    const labels = (direction: string) => `country="DE",direction="${direction}",source="CAMERA",type="VIDEO"`;
    const traffic = (direction: string, transmission: string) =>
      ['packets', 'bytes'].map((name) => figure(text, name, `${labels(direction)},transmission="${transmission}"`));
    expect(traffic('upstream', 'initial')).toEqual([13, 130]);
    expect(traffic('upstream', 'retransmit')).toEqual([Number.NaN, Number.NaN]);
    expect(traffic('downstream', 'initial')).toEqual([22, 220]);
    expect(traffic('downstream', 'retransmit')).toEqual([4, 40]);
    const rest = ['packets_lost', 'packets_out_of_order', 'nacks', 'plis', 'firs'];
    expect(rest.map((name) => figure(text, name, labels('downstream')))).toEqual([6, 8, 10, 12, 14]);
  });

  test('EGRESS 3.16: labels are words of a small set, whatever a peer says', async () => {
    const { add, service } = joined();
    for (let n = 0; n < 100; n++) {
      add(up({ country: `x${n}`, trackSource: `s${n}`, trackType: `t${n}` }), sample);
    }
    await service.flushStats();
    const lines = (await service.metrics()).split('\n').filter((line) => line.startsWith('runnel_track_nacks_total{'));
    expect(lines).toEqual([
      'runnel_track_nacks_total{country="unknown",direction="upstream",source="unknown",type="unknown"} 500',
    ]);
  });
});
