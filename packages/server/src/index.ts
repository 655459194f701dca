/** A trickle server: channels of segments over HTTP, mountable as a Hono app. */
export type { ChannelStatus } from './listing.ts';
export { DEFAULT_LIMITS, type Limits, type PolicyHook, Refusal, type TrickleOptions } from './options.ts';
export { answerRaw } from './raw.ts';
export { type ServeOptions, type Serving, serve } from './serve.ts';
export { createTrickle, type Trickle } from './trickle.ts';
