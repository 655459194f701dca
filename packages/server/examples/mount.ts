import { serve } from '@hono/node-server';
import { answerRaw, createTrickle, Refusal } from '@runnel/server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';

const trickle = createTrickle({
  autocreate: true,
  beforeCreate(_name, headers) {
    if (headers.get('authorization') !== 'Bearer secret') throw new Refusal(401, 'Who are you?');
  },
});
const app = new Hono().use(cors()).route('/ai/trickle', trickle.app);
const server = serve({ fetch: answerRaw(app.fetch), hostname: '127.0.0.1', port: 0 }, async ({ port }) => {
  const answer = await fetch(`http://127.0.0.1:${port}/ai/trickle/hello/0`, { method: 'POST', body: 'x' });
  process.stdout.write(`${answer.status} ${await answer.text()}`);
  await trickle.stop();
  server.close();
});
