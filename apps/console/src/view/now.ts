/** The present, once a second: for ages and countdowns, and for what is drawn against it. */
import { signal } from '@preact/signals';

export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 1000);
