/** How long to wait before the next try. */

/** Doubles with each failure in a row from `firstMs` up to `mostMs`, then takes half to all of it, so that many clients do not come back at once. */
export function backoffMs(failures: number, firstMs: number, mostMs: number): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + Math.random() / 2);
}
