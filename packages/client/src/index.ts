/** The relay: opens sessions, reads their channels and hands telemetry to sinks. */
export {};
