// Our server as a peer like the others: node --conditions=source src/our-server.ts
//   [--port N] [--base-path /ai/trickle/] [--autocreate] [--resume-ms N]

import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { serve } from '@runnel/server';

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'base-path': { type: 'string', default: '/ai/trickle/' },
    autocreate: { type: 'boolean', default: false },
    'resume-ms': { type: 'string', default: '5000' },
  },
});

const serving = await serve({
  port: Number(flags.port),
  basePath: flags['base-path'],
  autocreate: flags.autocreate,
  resumeMs: Number(flags['resume-ms']),
});
process.stdout.write(`${JSON.stringify({ ready: 'server', url: serving.url })}\n`);
await once(process, 'SIGTERM');
await serving.close();
process.exit(0);
