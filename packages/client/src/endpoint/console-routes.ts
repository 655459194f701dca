/** The console: a page at `/`, with the token in it, and the files it asks for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { plainPage } from './plain-page.ts';

/** Where the page finds the token. */
const PLACE = '<meta name="runnel-token" content="">';

/** Serves `folder`, which need not be there yet: it may be being built. */
export function consoleRoutes(app: Hono, folder: string, token: string): void {
  app.get('/', (c) => page(c, folder, token));
  app.get('/index.html', (c) => c.redirect('/', 301));
  // Their names change with their content.
  app.use('/assets/*', async (c, next) => {
    await next();
    if (c.res.status === 200) c.header('Cache-Control', 'public, max-age=31536000, immutable');
  });
  app.get('/*', async (c, next) => {
    c.header('Cache-Control', 'no-cache');
    return serveStatic({ root: folder })(c, next);
  });
}

async function page(c: Context, folder: string, token: string): Promise<Response> {
  const text = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  if (text === undefined) return notBuilt(c);
  return c.html(text.replace(PLACE, PLACE.replace('""', `"${token}"`)));
}

function notBuilt(c: Context): Response | Promise<Response> {
  const body = html`<p>The console is being built, or has not been: <code>npm run build -w apps/console</code> builds it. This page looks again every two seconds.</p>`;
  return plainPage(c, { status: 503, title: 'Runnel', body, refreshSeconds: 2 });
}
