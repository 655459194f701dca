/** JSON set out line by line, with every character of its names, strings and numbers as it came: parsing would round long numbers. */

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/g;
/** Deeper levels are not set in further: their blanks would be most of the text. */
const DEEPEST = 40;

/** What is no JSON, such as a destination's answer, stays as it is. */
export function setOut(text: string): string {
  if (!isJson(text)) return text;
  let depth = 0;
  let before = '';
  let out = '';
  const line = () => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  for (const [token] of text.matchAll(TOKENS)) {
    const isEnd = token === ']' || token === '}';
    if (isEnd) depth--;
    const begins = before === '[' || before === '{';
    if (begins !== isEnd || before === ',') out += before === '' ? '' : line();
    if (token === '[' || token === '{') depth++;
    out += token === ':' ? ': ' : token;
    before = token;
  }
  return out;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
