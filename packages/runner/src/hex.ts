/** Each byte as its two hexadecimal digits, ready-made: ids are written for every event and every span. */
export const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
