/** What the relay's endpoint says, as this page reads it. The types are the client's own. */
import type { FeedHello, FeedStatus } from '@runnel/client';

export type { DeadEntry, DeadPage, Errand, FeedStatus, ServerChannel, SessionControl } from '@runnel/client';

export type SessionStatus = FeedStatus['sessions'][number];
export type SinkStatus = FeedStatus['sinks'][number];
export type Start = SessionStatus['starts'][number];
export type Hello = FeedHello;
