import { describe, expect, test } from 'vitest';
import { ann, camera, rig, room, settle, WALL_MS } from '../test/rig.ts';
import { createTelemetryService, NullTelemetryService, ReferenceGuard } from './index.ts';

const CALLS = `trackStats roomStarted roomEnded participantJoined participantActive participantResumed participantLeft
  trackPublishRequested trackPublished trackUnpublished trackSubscribeRequested trackSubscribed trackUnsubscribed trackSubscribeFailed
  trackMuted trackUnmuted trackPublishedUpdate trackMaxSubscribedVideoQuality trackPublishRTPStats trackSubscribeRTPStats
  egressStarted egressUpdated egressEnded ingressCreated ingressDeleted ingressStarted ingressUpdated ingressEnded
  localRoomState report apiCall webhook notifyEgressEvent flushStats`.split(/\s+/);

const egress = { egressId: 'EG_1', roomId: 'RM_1', roomName: 'stage' };
const ingress = { ingressId: 'IN_1', roomName: 'stage' };
const done = {
  eventId: 'EV_1',
  event: 'x',
  url: 'https://0',
  createdAtMs: 1,
  queuedAtMs: 1,
  queueDurationMs: 0,
  isDropped: false,
};

describe('EGRESS 3.1: the interface', () => {
  test('EGRESS 3.1: both services have every call; the null service is the default and does nothing', async () => {
    const none = createTelemetryService() as unknown as Record<string, (...given: unknown[]) => unknown>;
    const some = rig().service as unknown as Record<string, unknown>;
    expect(none).toBeInstanceOf(NullTelemetryService);
    for (const call of CALLS) {
      expect(typeof some[call], call).toBe('function');
      expect(await none[call]?.(), call).toBeUndefined();
    }
  });

  test('EGRESS 3.1: each call says its own event, about its room, participant and track', async () => {
    const { service, emitted, typesOf, hooks } = rig({ webhooks: true });
    service.trackPublishRequested(room, ann, camera);
    service.trackPublished(room, ann, camera);
    service.trackUnpublished(room, ann, camera);
    service.trackSubscribeRequested(room, ann, camera);
    service.trackSubscribed(room, ann, camera, { sid: 'PA_2', identity: 'bob' });
    service.trackUnsubscribed(room, ann, camera);
    service.trackSubscribeFailed(room, ann, 'TR_1', new Error('no permission'), true);
    service.trackMuted(room, ann, camera);
    service.trackUnmuted(room, ann, camera);
    service.trackPublishedUpdate(room, ann, camera);
    service.trackMaxSubscribedVideoQuality(room, ann, camera, 'video/vp8', 'HIGH');
    service.trackPublishRTPStats(room, ann, 'TR_1', 'video/vp8', 2, { packets: 5 });
    service.trackSubscribeRTPStats(room, ann, 'TR_1', 'video/vp8', { packets: 6 });
    await service.flushStats();
    expect(typesOf()).toEqual(
      `TRACK_PUBLISH_REQUESTED TRACK_PUBLISHED TRACK_UNPUBLISHED TRACK_SUBSCRIBE_REQUESTED TRACK_SUBSCRIBED TRACK_UNSUBSCRIBED
      TRACK_SUBSCRIBE_FAILED TRACK_MUTED TRACK_UNMUTED TRACK_PUBLISHED_UPDATE TRACK_MAX_SUBSCRIBED_VIDEO_QUALITY
      TRACK_PUBLISH_STATS TRACK_SUBSCRIBE_STATS`.split(/\s+/),
    );
    for (const { type, data } of emitted.filter(({ type }) => type !== 'WEBHOOK')) {
      const ids = { room_id: 'RM_1', participant_id: 'PA_1', participant_identity: 'ann', track_id: 'TR_1' };
      expect(data, type).toMatchObject(ids);
    }
    const of = (type: string) => emitted.find((each) => each.type === type)?.data;
    expect(of('TRACK_SUBSCRIBED').publisher).toEqual({ sid: 'PA_2', identity: 'bob' });
    expect(of('TRACK_SUBSCRIBE_FAILED')).toMatchObject({ error: 'no permission', is_user_error: true });
    expect(of('TRACK_MAX_SUBSCRIBED_VIDEO_QUALITY')).toMatchObject({ max_subscribed_video_quality: 'HIGH' });
    expect(of('TRACK_PUBLISH_STATS')).toMatchObject({ mime: 'video/vp8', video_layer: 2, rtp_stats: { packets: 5 } });
    expect(hooks.events()).toEqual(['track_published', 'track_unpublished']);
    expect(hooks.bodies[0]).toMatchObject({ room, participant: ann, track: camera });
  });

  test('EGRESS 3.1: a track event that is not to be sent is not', async () => {
    const { service, emitted, hooks } = rig({ webhooks: true });
    const quiet = { shouldSendEvent: false };
    service.trackPublished(room, ann, camera, quiet);
    service.trackUnpublished(room, ann, camera, quiet);
    service.trackSubscribed(room, ann, camera, ann, quiet);
    service.trackUnsubscribed(room, ann, camera, quiet);
    await service.flushStats();
    expect([...emitted, ...hooks.bodies]).toEqual([]);
  });

  test('EGRESS 3.1: egress, ingress and reports, with the webhooks that LiveKit sends', async () => {
    const { service, typesOf, hooks, emitted } = rig({ webhooks: true });
    service.egressStarted(egress);
    service.egressUpdated(egress);
    service.egressEnded(egress);
    service.ingressCreated(ingress);
    service.ingressDeleted(ingress);
    service.ingressStarted(ingress);
    service.ingressUpdated(ingress);
    service.ingressEnded(ingress);
    service.localRoomState({ rooms: 3 });
    service.report({ text: 'fine' });
    service.apiCall({ method: 'CreateRoom' });
    service.webhook(done);
    service.notifyEgressEvent('egress_custom', egress);
    await service.flushStats();
    expect(typesOf([]).filter((type) => type !== 'WEBHOOK')).toEqual(
      `EGRESS_STARTED EGRESS_UPDATED EGRESS_ENDED INGRESS_CREATED INGRESS_DELETED INGRESS_STARTED INGRESS_UPDATED INGRESS_ENDED
      LOCAL_ROOM_STATE REPORT API_CALL`.split(/\s+/),
    );
    expect(hooks.events().toSorted()).toEqual(
      'egress_custom egress_ended egress_started egress_updated ingress_ended ingress_started'.split(' '),
    );
    const of = (type: string) => emitted.find((each) => each.type === type)?.data;
    expect(of('EGRESS_STARTED')).toMatchObject({ egress_id: 'EG_1', room_id: 'RM_1', egress });
    expect(of('API_CALL').api_call).toEqual({ method: 'CreateRoom' });
    expect(of('WEBHOOK').webhook).toEqual(done);
  });
});

describe('EGRESS 3.4: rooms', () => {
  test("EGRESS 3.4: a start is the webhook room_started, and ROOM_CREATED at the room's creation time", async () => {
    const { service, emitted, hooks } = rig({ webhooks: true });
    service.roomStarted(room);
    await service.flushStats();
    expect(hooks.bodies).toMatchObject([{ event: 'room_started', room, createdAt: '1700000000' }]);
    expect(emitted[0]).toEqual({
      type: 'ROOM_CREATED',
      data: { room_id: 'RM_1', room_name: 'stage', room, timestamp_ns: '1600000000000000000' },
    });
  });

  test('EGRESS 3.4: the time of an event is that of its call, and so is what it says', async () => {
    const { service, emitted, clock, hooks } = rig({ webhooks: true });
    const mutable = { ...room };
    // Everything behind this call waits, as in a queue with work to do.
    service.apiCall({});
    service.roomEnded(mutable);
    clock.advance(5000);
    mutable.name = 'renamed';
    await service.flushStats();
    expect(hooks.bodies).toMatchObject([{ event: 'room_finished', room, createdAt: '1700000000' }]);
    expect(emitted[1]).toMatchObject({ type: 'ROOM_ENDED', data: { room, timestamp_ns: `${WALL_MS}000000` } });
  });
});

describe('EGRESS 3.5 to 3.8: participants', () => {
  const participants = async (service: { metrics(): Promise<string> }) =>
    Number(/^runnel_participants (\d+)$/m.exec(await service.metrics())?.[1]);

  test('EGRESS 3.5: joining makes one worker and counts one participant, however often it is said, without a webhook', async () => {
    const { service, typesOf, hooks, emitted } = rig({ webhooks: true });
    service.participantJoined(room, ann, { clientInfo: { sdk: 'JS' }, clientMeta: { region: 'eu' } });
    service.participantJoined(room, ann, { shouldSendEvent: false, guard: new ReferenceGuard() });
    await service.flushStats();
    expect(typesOf()).toEqual(['PARTICIPANT_JOINED']);
    expect(emitted[0]?.data).toMatchObject({ client_info: { sdk: 'JS' }, client_meta: { region: 'eu' } });
    expect(hooks.events()).toEqual([]);
    expect([service.books.workers, await participants(service)]).toEqual([1, 1]);
  });

  test('EGRESS 3.6: active is the webhook participant_joined, unless it migrated', async () => {
    const { service, typesOf, hooks } = rig({ webhooks: true });
    service.participantActive(room, ann);
    service.participantActive(room, { sid: 'PA_2', identity: 'bob' }, { isMigration: true });
    await service.flushStats();
    expect(typesOf()).toEqual(['PARTICIPANT_ACTIVE', 'PARTICIPANT_ACTIVE']);
    expect(hooks.bodies).toMatchObject([{ event: 'participant_joined', participant: ann }]);
    service.participantLeft(room, { sid: 'PA_2', identity: 'bob' });
    await service.flushStats();
    expect(hooks.events()).toEqual(['participant_joined', 'participant_left']);
  });

  test('EGRESS 3.7: resuming opens a closed worker again, and says where and why', async () => {
    const { service, emitted } = rig();
    service.participantJoined(room, ann);
    service.participantLeft(room, ann);
    service.participantResumed(room, ann, 'node-7', 'RR_SIGNAL_DISCONNECTED');
    await service.flushStats();
    expect(emitted.at(-1)).toMatchObject({
      type: 'PARTICIPANT_RESUMED',
      data: { client_meta: { node: 'node-7', reconnectReason: 'RR_SIGNAL_DISCONNECTED' } },
    });
    expect([service.books.workers, await participants(service)]).toEqual([2, 1]);
  });

  test('EGRESS 3.8: who was connected has left, who never was is an aborted connection, and neither is said if not asked', async () => {
    const { service, typesOf, hooks } = rig({ webhooks: true });
    const [bob, eve] = [
      { sid: 'PA_2', identity: 'bob' },
      { sid: 'PA_3', identity: 'eve' },
    ];
    for (const each of [ann, bob, eve]) service.participantJoined(room, each, { shouldSendEvent: false });
    service.participantActive(room, ann, { isMigration: true });
    service.participantLeft(room, ann);
    service.participantLeft(room, bob);
    service.participantLeft(room, eve, { shouldSendEvent: false });
    await service.flushStats();
    await settle();
    expect(typesOf()).toEqual(['PARTICIPANT_ACTIVE', 'PARTICIPANT_LEFT', 'PARTICIPANT_CONNECTION_ABORTED']);
    expect(hooks.events()).toEqual(['participant_left', 'participant_connection_aborted']);
    expect(await participants(service)).toBe(0);
  });

  test('EGRESS 3.8: the worker closes only with its last guard', async () => {
    const { service } = rig();
    const [signal, media] = [new ReferenceGuard(), new ReferenceGuard()];
    service.participantJoined(room, ann, { guard: signal });
    service.participantActive(room, ann, { guard: media });
    service.participantLeft(room, ann, { guard: signal });
    await service.flushStats();
    expect(await participants(service)).toBe(1);
    service.participantLeft(room, ann, { guard: media });
    await service.flushStats();
    expect(await participants(service)).toBe(0);
  });
});

describe('the service as a whole', () => {
  test('an emit that throws and a webhook without a key are reported, and the rest goes on', async () => {
    const { service, warnings, hooks } = rig({
      webhooks: true,
      emit: () => {
        throw new Error('no channel');
      },
    });
    service.egressStarted(egress, { extraWebhooks: [{ url: 'https://x', signingKey: 'stranger' }] });
    service.roomEnded(room);
    await service.flushStats();
    expect(hooks.events().toSorted()).toEqual(['egress_started', 'room_finished']);
    expect(warnings).toContainEqual(expect.stringContaining('stranger'));
    expect(warnings).toContainEqual(expect.stringContaining('no channel'));
  });

  test('stop flushes statistics, sends the webhooks that wait, and says what became of them; it is one stop', async () => {
    const { service, typesOf, hooks, clock } = rig({ webhooks: true });
    service.participantJoined(room, ann);
    service.trackStats('RM_1', 'stage', { streamType: 'UPSTREAM', participantId: 'PA_1', trackId: 'T' }, {});
    service.roomEnded(room);
    const stopped = service.stop();
    expect(service.stop()).toBe(stopped);
    await stopped;
    expect(typesOf([]).toSorted()).toEqual(['PARTICIPANT_JOINED', 'ROOM_ENDED', 'STATS', 'WEBHOOK']);
    expect([hooks.events(), hooks.state.closed, clock.pending]).toEqual([['room_finished'], true, 0]);
    service.roomEnded(room);
    expect(service.books.operations.dropped).toEqual({ overflow: 0, stopped: 1 });
  });
});
