/** Telemetry for a runner: emit without waiting, control and heartbeat over trickle. */
export {};
