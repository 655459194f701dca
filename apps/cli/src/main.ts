/** The runnel command: serve, pub, sub, relay and ls for any trickle server. */
export {};
