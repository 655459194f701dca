import { randomBytes } from 'node:crypto';

/** Names one life of a channel: 8 random hexadecimal digits. PROTOCOL.md section 4.6. */
export const newEpoch = (): string => randomBytes(4).toString('hex');
