/** A process that emits in the turn in which it ends, by the way named in its first argument. Session and server are in the environment. */
import { createRunner, runnerFromEnv } from '@runnel/runner';

const runner = createRunner({ ...runnerFromEnv(process.env), lastWordsMs: Number(process.argv[3]), buffer: 1_000 });
runner.emit('early');
if (process.argv[4] !== 'no server')
  while (runner.books.written === 0) await new Promise((done) => setTimeout(done, 5));
for (let n = 0; n < 600; n++) runner.emit('late', { n });
switch (process.argv[2]) {
  case 'exit':
    process.exit(7);
    break;
  case 'throw':
    throw new RangeError('nobody catches this');
  case 'signal':
    process.kill(process.pid, 'SIGTERM');
    setInterval(() => {}, 1_000);
}
