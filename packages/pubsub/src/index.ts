/** Publisher and subscriber for trickle channels, with JSONL writer and reader. */
export {};
