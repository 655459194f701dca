/** Tracks: asked for, published, subscribed, muted, measured. EGRESS 3.1. */
import type { Outlet } from './outlet.ts';
import { fieldsOf } from './participant-calls.ts';
import type { Participant, Room, Track } from './records.ts';
import type { TelemetryService } from './service.ts';

type TrackCalls = Pick<TelemetryService, Exclude<Extract<keyof TelemetryService, `track${string}`>, 'trackStats'>>;

export function trackCalls(outlet: Outlet): TrackCalls {
  /** An event about a track, or about one of which no more than the id is known. */
  function say(
    type: string,
    room: Room,
    participant: Participant,
    track: Track | string,
    more: object = {},
    hook?: string,
  ) {
    const who = { room: { ...room }, participant: { ...participant } };
    const about = typeof track === 'string' ? { track_id: track } : { track_id: track.sid, track: { ...track } };
    outlet.call(({ event, notify }) => {
      if (hook) notify(hook, { ...who, ...('track' in about && { track: about.track }) });
      event(type, { ...fieldsOf(who), ...about, ...more });
    });
  }

  const only = (type: string) => (room: Room, participant: Participant, track: Track) =>
    say(type, room, participant, track);

  return {
    trackPublishRequested: only('TRACK_PUBLISH_REQUESTED'),
    trackPublished(room, participant, track, { shouldSendEvent = true } = {}) {
      if (shouldSendEvent) say('TRACK_PUBLISHED', room, participant, track, {}, 'track_published');
    },
    trackUnpublished(room, participant, track, { shouldSendEvent = true } = {}) {
      if (shouldSendEvent) say('TRACK_UNPUBLISHED', room, participant, track, {}, 'track_unpublished');
    },
    trackSubscribeRequested: only('TRACK_SUBSCRIBE_REQUESTED'),
    trackSubscribed(room, participant, track, publisher, { shouldSendEvent = true } = {}) {
      if (shouldSendEvent) say('TRACK_SUBSCRIBED', room, participant, track, { publisher: { ...publisher } });
    },
    trackUnsubscribed(room, participant, track, { shouldSendEvent = true } = {}) {
      if (shouldSendEvent) say('TRACK_UNSUBSCRIBED', room, participant, track);
    },
    trackSubscribeFailed(room, participant, trackId, error, isUserError) {
      const more = { error: error.message, is_user_error: isUserError };
      say('TRACK_SUBSCRIBE_FAILED', room, participant, trackId, more);
    },
    trackMuted: only('TRACK_MUTED'),
    trackUnmuted: only('TRACK_UNMUTED'),
    trackPublishedUpdate: only('TRACK_PUBLISHED_UPDATE'),
    trackMaxSubscribedVideoQuality(room, participant, track, mimeType, maxQuality) {
      const more = { mime: mimeType, max_subscribed_video_quality: maxQuality };
      say('TRACK_MAX_SUBSCRIBED_VIDEO_QUALITY', room, participant, track, more);
    },
    trackPublishRTPStats(room, participant, trackId, mimeType, layer, stats) {
      const more = { mime: mimeType, video_layer: layer, rtp_stats: { ...stats } };
      say('TRACK_PUBLISH_STATS', room, participant, trackId, more);
    },
    trackSubscribeRTPStats(room, participant, trackId, mimeType, stats) {
      say('TRACK_SUBSCRIBE_STATS', room, participant, trackId, { mime: mimeType, rtp_stats: { ...stats } });
    },
  };
}
