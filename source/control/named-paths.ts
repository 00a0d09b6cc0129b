/** Paths that a command or the code names in so many words: pure. What is computed from parts is not seen. */

/** A word of path letters that holds a slash; quotes, blanks and signs of shell and Python end it. */
const PATH =
  /(?<![\p{L}\p{M}\p{N}_./~$}-])(?:\.\/)?((?:~(?=\/)|\$HOME(?=\/)|\$\{HOME\}(?=\/))?\/?[\p{L}\p{M}\p{N}_.@+=~-]+(?:\/[\p{L}\p{M}\p{N}_.@+=~-]+)*)\/?(?![\p{L}\p{M}\p{N}_])/gu;

/** One with blanks, which end a word. */
const QUOTED_ABSOLUTE = /["']((?:~|\$HOME|\$\{HOME\})?\/[^"'\n$]*[^"'\n$/])\/?["']/g;

/** Before a path that is written to: `--output-dir X`, `save_path: X`, `work_dir = "X"`. */
const WRITTEN = /(?:out|save|log|work|exp|result|record|run)(?:[._-]?\w+)*["']?[ =:,(]+[rfb]?["']?$/i;

/** Each once: relative ones with a folder in them, and absolute ones; `home` stands for `~` and `$HOME`. */
export function pathsNamedIn(text: string, home = ''): { relative: string[]; absolute: string[] } {
  const relative = new Set<string>();
  const absolute = new Set<string>();
  for (const { 0: found, 1: named, index } of text.matchAll(PATH)) {
    if (named === undefined || !named.includes('/')) continue;
    // A folder of each experiment's own, as a person has asked for.
    if (/^\/?\$\{?NODE_ID\b/.test(text.slice(index + found.length))) continue;
    // The value of an option that is written together with it.
    const bare = named.replace(/^[^/]*=/, '');
    const path = atHome(bare, home);
    if (path.startsWith('/')) absolute.add(path);
    else if (path.startsWith('~') || !path.includes('/')) continue;
    else if (!WRITTEN.test(text.slice(Math.max(0, index - 60), index))) relative.add(path);
  }
  for (const [, named = ''] of text.matchAll(QUOTED_ABSOLUTE)) absolute.add(atHome(named, home));
  return { relative: [...relative], absolute: [...absolute].filter((path) => path.startsWith('/')) };
}

function atHome(path: string, home: string): string {
  return path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/)/, () => home || '~');
}

const VARIABLE =
  /\benviron(?:\.get\(|\.setdefault\(|\.pop\(|\[)\s*["'](\w+)|\bgetenv\(\s*["'](\w+)|\boc\.env:(\w+)|\$\{?([A-Za-z_]\w*)(?![\w.])/g;

/** Names of environment variables that Python, a shell or a configuration of OmegaConf reads. */
export function variablesNamedIn(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((found) => found.slice(1).find((name) => name) as string))];
}

const CLIMBED = /(?<![\p{L}\p{N}_.])\.\.\/([\p{L}\p{M}\p{N}_@+-][\p{L}\p{M}\p{N}_.@+-]*)/gu;
/** Code that goes up from where it stands, and then down by names that are words of their own. */
const CLIMBS = /["']\.\.["']|\bpardir\b|\.parents?\b|\bdirname\s*\(/;
const QUOTED = /["']([\p{L}\p{M}\p{N}_@+-][\p{L}\p{M}\p{N}_.@+-]*)(?:\/[^"'\n]*)?["']/gu;

/** Names that may be those of folders beside the repository: of `../lib`, and of `parents[1] / "lib"`. */
export function besideNamedIn(text: string): string[] {
  const names = [...text.matchAll(CLIMBED)];
  if (CLIMBS.test(text)) names.push(...text.matchAll(QUOTED));
  return [...new Set(names.map(([, name]) => name as string))];
}
