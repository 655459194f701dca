/** Participants: they come, are there, come back, and leave; their stats workers open and close. EGRESS 3.5 to 3.8. */
import type { Clock } from '@runnel/protocol';
import type { Figures } from './figures.ts';
import type { Outlet } from './outlet.ts';
import type { Participant, Room } from './records.ts';
import type { ReferenceGuard } from './reference-guard.ts';
import type { TelemetryService } from './service.ts';
import type { StatsWorker } from './stats-worker.ts';
import type { StatsWorkers } from './stats-workers.ts';

type ParticipantCalls = Pick<
  TelemetryService,
  'participantJoined' | 'participantActive' | 'participantResumed' | 'participantLeft'
>;

interface Parts {
  readonly outlet: Outlet;
  readonly workers: StatsWorkers;
  readonly figures: Figures;
  readonly clock: Clock;
  readonly onTooMany: () => void;
}

export function participantCalls({ outlet, workers, figures, clock, onTooMany }: Parts): ParticipantCalls {
  function open(room: Room, participant: Participant, guard: ReferenceGuard | undefined): StatsWorker | undefined {
    const opened = workers.open(room, participant, guard);
    if (opened === undefined) onTooMany();
    if (opened?.isNew) figures.participants.inc();
    return opened?.worker;
  }

  return {
    participantJoined(room, participant, { guard, shouldSendEvent = true, clientInfo, clientMeta } = {}) {
      const who = { room: { ...room }, participant: { ...participant } };
      const client = clientFields(clientInfo, clientMeta);
      outlet.call(({ event }) => {
        open(who.room, who.participant, guard);
        if (shouldSendEvent) event('PARTICIPANT_JOINED', { ...fieldsOf(who), ...client });
      });
    },
    participantActive(room, participant, { guard, isMigration = false, clientInfo, clientMeta } = {}) {
      const who = { room: { ...room }, participant: { ...participant } };
      const client = clientFields(clientInfo, clientMeta);
      outlet.call(({ event, notify }) => {
        if (!isMigration) notify('participant_joined', who);
        const worker = open(who.room, who.participant, guard);
        if (worker) worker.isConnected = true;
        event('PARTICIPANT_ACTIVE', { ...fieldsOf(who), ...client });
      });
    },
    participantResumed(room, participant, nodeId, reason, { guard } = {}) {
      const who = { room: { ...room }, participant: { ...participant } };
      outlet.call(({ event }) => {
        open(who.room, who.participant, guard);
        event('PARTICIPANT_RESUMED', { ...fieldsOf(who), client_meta: { node: nodeId, reconnectReason: reason } });
      });
    },
    participantLeft(room, participant, { guard, shouldSendEvent = true } = {}) {
      const who = { room: { ...room }, participant: { ...participant } };
      const now = clock.now();
      outlet.call(({ event, notify }) => {
        const worker = workers.find(room.sid, participant.sid);
        const wasConnected = worker?.isConnected ?? false;
        if (worker && workers.close(worker, guard, now)) figures.participants.dec();
        if (!shouldSendEvent) return;
        const name = wasConnected ? 'participant_left' : 'participant_connection_aborted';
        notify(name, who);
        event(name.toUpperCase(), fieldsOf(who));
      });
    },
  };
}

/** The members that every event about a participant has. */
export function fieldsOf({ room, participant }: { room: Room; participant: Participant }) {
  return {
    room_id: room.sid,
    room_name: room.name,
    participant_id: participant.sid,
    participant_identity: participant.identity,
    room,
    participant,
  };
}

function clientFields(info: object | undefined, meta: object | undefined) {
  return { ...(info && { client_info: { ...info } }), ...(meta && { client_meta: { ...meta } }) };
}
