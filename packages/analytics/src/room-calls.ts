/** Rooms, and what is reported beside them. EGRESS 3.1 and 3.4. */
import type { Outlet } from './outlet.ts';
import type { TelemetryService } from './service.ts';

type RoomCalls = Pick<
  TelemetryService,
  'roomStarted' | 'roomEnded' | 'localRoomState' | 'report' | 'apiCall' | 'webhook'
>;

export function roomCalls(outlet: Outlet): RoomCalls {
  const pass = (type: string, member: string) => (info: object) => {
    const fields = { [member]: { ...info } };
    outlet.call(({ event }) => event(type, fields));
  };
  return {
    roomStarted(given) {
      const room = { ...given };
      outlet.call(({ event, notify }) => {
        notify('room_started', { room });
        const { sid, name, creationTime } = room;
        const atMs = creationTime ? Number(creationTime) * 1000 : undefined;
        event('ROOM_CREATED', { room_id: sid, room_name: name, room }, atMs);
      });
    },
    roomEnded(given) {
      const room = { ...given };
      outlet.call(({ event, notify }) => {
        notify('room_finished', { room });
        event('ROOM_ENDED', { room_id: room.sid, room_name: room.name, room });
      });
    },
    localRoomState: pass('LOCAL_ROOM_STATE', 'room_state'),
    report: pass('REPORT', 'report'),
    apiCall: pass('API_CALL', 'api_call'),
    webhook: pass('WEBHOOK', 'webhook'),
  };
}
