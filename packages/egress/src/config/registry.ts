/** Every kind of sink, by the `type` of the configuration file. A new sink is a line here and nothing else. EGRESS 1.16. */
import { cloudevents } from './kinds/cloudevents.ts';
import { file } from './kinds/file.ts';
import { http } from './kinds/http.ts';
import { kafka } from './kinds/kafka.ts';
import { log } from './kinds/log.ts';
import { metrics } from './kinds/metrics.ts';
import { otlp } from './kinds/otlp.ts';
import { webhook } from './kinds/webhook.ts';

export const registry = { log, file, metrics, kafka, http, webhook, otlp, cloudevents };

export type SinkType = keyof typeof registry;
