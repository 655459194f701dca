/** A process that serves trickle until it is ended. A line on its stdin asks for a collection of garbage, before memory is measured. */
import { serve } from '@runnel/server';

const fastIngest = process.env.FAST_INGEST === 'true';
const serving = await serve({
  autocreate: true,
  fastIngest,
  maxChannels: 200_000,
  maxReaders: 20_000,
  onWarning: () => {},
});
console.log(JSON.stringify({ ready: `127.0.0.1:${serving.port}` }));
process.stdin.on('data', () => {
  globalThis.gc?.();
  console.log('collected');
});
process.once('SIGTERM', () => process.exit(0));
