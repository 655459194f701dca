/** A process that ends in the turn in which it emits to a stderr of its own; how many lines each write had is on stdout. */
import { createRunner } from '@runnel/runner';

const write = (text: string) => void process.stdout.write(`${text.split('\n').length - 1} `);
const runner = createRunner({ session: 's', stderr: write, lastWordsMs: 1_000 });
for (let n = 0; n < 3; n++) runner.emit('late');
process.exit(7);
