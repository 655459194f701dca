/** A process that emits to a stderr whose reader goes, and ends when its stdin does. Its books are on stdout. */
import { createRunner } from '@runnel/runner';

const runner = createRunner({ session: 's', stderr: true });
const emitting = setInterval(() => runner.emit('e'), 5);
for await (const _ of process.stdin);
clearInterval(emitting);
console.log(JSON.stringify(await runner.close()));
