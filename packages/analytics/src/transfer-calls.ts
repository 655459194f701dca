/** Egress and ingress: what leaves a room for elsewhere, and what comes in. EGRESS 3.1. */
import type { Outlet } from './outlet.ts';
import type { EgressInfo, IngressInfo } from './records.ts';
import type { TelemetryService, WebhookOptions } from './service.ts';

type TransferCalls = Pick<
  TelemetryService,
  Extract<keyof TelemetryService, `egress${string}` | `ingress${string}`> | 'notifyEgressEvent'
>;

export function transferCalls(outlet: Outlet): TransferCalls {
  const egress = (name: string) => (info: EgressInfo, o?: WebhookOptions) => {
    const egressInfo = { ...info };
    const { egressId, roomId, roomName } = egressInfo;
    outlet.call(({ event, notify }) => {
      notify(name, { egressInfo }, o);
      event(name.toUpperCase(), { egress_id: egressId, room_id: roomId, room_name: roomName, egress: egressInfo });
    });
  };
  const ingress = (name: string, hook: 'webhook' | 'no webhook') => (info: IngressInfo) => {
    const ingressInfo = { ...info };
    const { ingressId, roomName } = ingressInfo;
    outlet.call(({ event, notify }) => {
      if (hook === 'webhook') notify(name, { ingressInfo });
      event(name.toUpperCase(), { ingress_id: ingressId, room_name: roomName, ingress: ingressInfo });
    });
  };
  return {
    egressStarted: egress('egress_started'),
    egressUpdated: egress('egress_updated'),
    egressEnded: egress('egress_ended'),
    ingressCreated: ingress('ingress_created', 'no webhook'),
    ingressDeleted: ingress('ingress_deleted', 'no webhook'),
    ingressStarted: ingress('ingress_started', 'webhook'),
    ingressUpdated: ingress('ingress_updated', 'no webhook'),
    ingressEnded: ingress('ingress_ended', 'webhook'),
    notifyEgressEvent(name, info, o) {
      const egressInfo = { ...info };
      outlet.call(({ notify }) => notify(name, { egressInfo }, o));
    },
  };
}
