/** Finds the structured part of a reply: the last fenced block of a language wins; a bare JSON object also counts. */

/** Contents of all fenced blocks of that language, in order. A fence is closed by one at least as long. */
export function fencedBlocks(text: string, language: string): string[] {
  const blocks: string[] = [];
  let open: { fence: string; language: string; lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const fence = /^\s{0,3}(`{3,})\s*([\w-]*)\s*$/.exec(line);
    if (open && fence && fence[2] === '' && fence[1]!.length >= open.fence.length) {
      if (open.language === language) blocks.push(open.lines.join('\n'));
      open = null;
    } else if (open) {
      open.lines.push(line);
    } else if (fence) {
      open = { fence: fence[1]!, language: fence[2]!.toLowerCase(), lines: [] };
    }
  }
  return blocks;
}

/** The reply's JSON value, or undefined: the last `json` block that parses, else the last bare object in the text. */
export function jsonInReply(text: string): unknown {
  for (const block of fencedBlocks(text, 'json').reverse()) {
    const value = parsed(block);
    if (value !== undefined) return value;
  }
  return parsed(text) ?? lastBareObject(text);
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Each looks through the rest of the text; prose has a handful of braces. */
const TRIES = 1000;

/** Tries each `{` as the start of an object that ends at its matching brace; the last complete outermost one wins. */
function lastBareObject(text: string): unknown {
  let found: unknown;
  let tries = 0;
  for (let start = text.indexOf('{'); start >= 0 && tries < TRIES; tries += 1) {
    const end = matchingBrace(text, start);
    const value = end < 0 ? undefined : parsed(text.slice(start, end + 1));
    if (value !== undefined) found = value;
    start = text.indexOf('{', value === undefined ? start + 1 : end + 1);
  }
  return found;
}

function matchingBrace(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i += 1) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') depth += 1;
    else if (char === '}' && --depth === 0) return i;
  }
  return -1;
}
