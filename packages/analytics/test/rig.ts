/** What tests stand on: a service whose events are kept, and sinks that are told what to answer. */

import {
  createNotifier,
  createTelemetryService,
  type NotifierOptions,
  type TelemetryServiceOptions,
} from '@runnel/analytics';
import type { Envelope, Sink } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';

export const WALL_MS = 1_700_000_000_000;
export const room = { sid: 'RM_1', name: 'stage', creationTime: 1_600_000_000 };
export const ann = { sid: 'PA_1', identity: 'ann' };
export const camera = { sid: 'TR_1', type: 'VIDEO', source: 'CAMERA' };

export interface Emitted {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any member
  readonly data: any;
}

/** A service on a manual clock. `webhooks` are the bodies that reached the one URL, if it has a notifier. */
export function rig(over: Partial<TelemetryServiceOptions> & { readonly webhooks?: boolean } = {}) {
  const clock = new ManualClock(WALL_MS);
  const emitted: Emitted[] = [];
  const warnings: string[] = [];
  const hooks = scriptedSink();
  const { webhooks = false, ...options } = over;
  const notifier = webhooks ? notifierTo([hooks], { clock }) : undefined;
  const service = createTelemetryService({
    emit: (type, data) => emitted.push({ type, data }),
    clock,
    onWarning: (message) => warnings.push(message),
    ...(notifier && { notifier }),
    ...options,
  });
  const typesOf = (but: string[] = ['WEBHOOK']) =>
    emitted.map(({ type }) => type).filter((type) => !but.includes(type));
  return { clock, emitted, warnings, service, hooks, notifier, typesOf };
}

/** A notifier with one URL for each sink: `https://0`, `https://1`, … */
export function notifierTo(sinks: readonly Sink[], over: Partial<NotifierOptions> = {}) {
  const urls = sinks.map((_, nth) => `https://${nth}`);
  const sink = ({ url }: { url: string }) => sinks[urls.indexOf(url)] as Sink;
  return createNotifier({ urls, key: 'key', secret: 'secret', sink, ...over });
}

/** Takes everything, unless `answer` says otherwise by throwing, or by a promise that settles when it likes. */
export function scriptedSink(answer: (body: Body) => unknown = () => undefined) {
  const bodies: Body[] = [];
  const state = { closed: false };
  const sink: Sink = {
    name: 'scripted',
    traits: { order: 'key' },
    async send(batch: readonly Envelope[]) {
      for (const { bytes } of batch) {
        const body = JSON.parse(new TextDecoder().decode(bytes));
        bodies.push(body);
        await answer(body);
      }
    },
    async close() {
      state.closed = true;
    },
  };
  return Object.assign(sink, { bodies, state, events: () => bodies.map(({ event }) => event) });
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at any member
export type Body = any;

/** Lets everything that is ready run. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export const never = () => new Promise<never>(() => {});
