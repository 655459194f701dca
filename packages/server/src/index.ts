/** A trickle server: channels of segments over HTTP, mountable as a Hono app. */
export {};
