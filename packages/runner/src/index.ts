export type { Books, DropReason } from './books.ts';
export type { RequestHandler } from './control.ts';
export type { Context } from './envelope.ts';
export { runnerFromEnv } from './from-env.ts';
export type { MediaLoop } from './guard.ts';
export { every, type StreamMeter } from './heartbeat.ts';
export { createRunner, type EmitOptions, type Runner, type RunnerOptions } from './runner.ts';
export type { Addresses as RunnerAddresses, SessionUrls } from './urls.ts';
