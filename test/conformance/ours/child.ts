/** Our server in a process of its own: takes its options as JSON, tells its URL to the parent, ends on SIGTERM. */
import { serve } from '@runnel/server';

const { url, close } = await serve(JSON.parse(process.argv[2] ?? '{}'));
process.once('SIGTERM', async () => {
  await close();
  process.disconnect?.();
});
process.send?.(url);
