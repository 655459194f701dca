// Tells of one participant in one room: analytics events go out as a runner's telemetry, a webhook to every URL in WEBHOOK_URL.

import { createNotifier, createTelemetryService } from '@runnel/analytics';
import { logSink } from '@runnel/egress/log';
import { liveKitSignature, webhookSink } from '@runnel/egress/webhook';
import { createRunner } from '@runnel/runner';

const urls = process.env.WEBHOOK_URL?.split(',') ?? [];
const signedSink = ({ url, key, secret }: { url: string; key: string; secret: string }) =>
  webhookSink({ url, signature: liveKitSignature({ key, secret }) });

const runner = createRunner({ session: 'RM_1', sink: logSink() });
const notifier = createNotifier({ urls, key: 'devkey', secret: 'a secret of your own', sink: signedSink });
const telemetry = createTelemetryService({ emit: runner.emit, notifier });

const room = { sid: 'RM_1', name: 'stage' };
const ann = { sid: 'PA_1', identity: 'ann' };
telemetry.participantActive(room, ann);
const key = { streamType: 'UPSTREAM', participantId: 'PA_1', trackId: 'TR_1' } as const;
telemetry.trackStats('RM_1', 'stage', key, { score: 4.5, streams: [{ primaryPackets: 12, packetsLost: 1 }] });
telemetry.participantLeft(room, ann);

await telemetry.stop();
await runner.close();
