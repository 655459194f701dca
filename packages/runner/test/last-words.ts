/** A process that emits in the turn in which it ends, by the way named in its first argument. Session and server are in the environment. */
import { createRunner, runnerFromEnv } from '@runnel/runner';

const [, , , deadlineMs, server] = process.argv;
const headers = () => {
  if (server === 'no headers') throw new Error('no token');
  return {};
};
const options = { headers, lastWordsMs: Number(deadlineMs), buffer: 1_000 };
const runner = createRunner({ ...runnerFromEnv(process.env), ...options });
runner.emit('early');
if (server === 'server') while (runner.books.written === 0) await new Promise((done) => setTimeout(done, 5));
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
