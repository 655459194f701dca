// A runner for the session RUNNEL_SESSION on the server at RUNNEL_URL.

import { setTimeout as sleep } from 'node:timers/promises';
import { createRunner, runnerFromEnv } from '@runnel/runner';

const runner = createRunner({ ...runnerFromEnv(process.env), context: { connection_id: 'c-1' } });
runner.onRequest('api', ({ path }) => ({ status: 200, data: `you asked for ${path}` }));

const stream = runner.stream();
runner.emit('stream_started', { width: 640, height: 360 });
await runner.guard('media_input', async () => {
  for (let frame = 0; frame < 10; frame++) {
    stream.frameIn();
    await sleep(20);
    stream.frameOut(20);
  }
});
runner.emit('stream_stopped', { frames: 10 });
console.log(await runner.close());
