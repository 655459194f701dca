/** JSON with its parts told apart. */
import { useMemo } from 'preact/hooks';
import { setOut } from '../../model/set-out.ts';
import { visibleLines } from '../../model/text.ts';

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Elements that one text may cost. */
const MOST_PARTS = 2_000;

export function Json({ text }: { text: string }) {
  const parts = useMemo(() => partsOf(visibleLines(setOut(text))), [text]);
  return (
    <pre class="json">
      {parts.map(([kind, part], n) =>
        kind === '' ? (
          part
        ) : (
          <span key={n} class={kind}>
            {part}
          </span>
        ),
      )}
    </pre>
  );
}

function partsOf(text: string): [kind: string, text: string][] {
  const parts: [string, string][] = [];
  let at = 0;
  for (const found of text.matchAll(TOKENS)) {
    if (parts.length > MOST_PARTS) break;
    const [token, string, colon] = found;
    if (found.index > at) parts.push(['', text.slice(at, found.index)]);
    if (string === undefined) parts.push([/^[tfn]/.test(token) ? 'word' : 'number', token]);
    else {
      parts.push([colon === undefined ? 'string' : 'name', string]);
      if (colon !== undefined) parts.push(['', colon]);
    }
    at = found.index + token.length;
  }
  parts.push(['', text.slice(at)]);
  return parts;
}
