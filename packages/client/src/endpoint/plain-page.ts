/** The pages that are not the console's: no script, a style of their own. */
import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

export interface PlainPage {
  readonly status: 200 | 401 | 503;
  readonly title: string;
  readonly body: HtmlEscapedString | Promise<HtmlEscapedString>;
  /** Reload after so many seconds. */
  readonly refreshSeconds?: number;
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 20vh auto; padding: 0 1.25rem }
h1 { font-size: 1.25rem; margin: 0 0 1rem }
form { display: grid; gap: .5rem }
input, button { font: inherit; padding: .5rem .75rem; border: 1px solid #8888; border-radius: .375rem }
button { background: #2457c5; border-color: #2457c5; color: #fff; cursor: pointer }
p { margin: 1rem 0 0 }
code { font: .875em ui-monospace, monospace }`;

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export function plainPage(
  c: Context,
  { status, title, body, refreshSeconds }: PlainPage,
): Response | Promise<Response> {
  c.header('Content-Security-Policy', POLICY);
  if (refreshSeconds !== undefined) c.header('Refresh', String(refreshSeconds));
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${raw(STYLE)}</style>
<h1>${title}</h1>
${body}
</html>`;
  return c.html(page, status);
}
