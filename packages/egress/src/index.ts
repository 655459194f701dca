/** Sinks for telemetry envelopes. */
export {};
