/** A conformance suite for trickle servers, as a function of a URL. */
export {};
