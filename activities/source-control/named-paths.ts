/** Paths that a command or the code names in so many words: pure. What is computed from parts is not seen. */

/** A word of path letters that holds a slash; quotes, blanks and signs of shell and Python end it. */
const PATH =
  /(?<![\p{L}\p{M}\p{N}_./~$}-])(?:\.\/)?(\/?[\p{L}\p{M}\p{N}_.@+=~-]+(?:\/[\p{L}\p{M}\p{N}_.@+=~-]+)*)\/?(?![\p{L}\p{M}\p{N}_])/gu;

/** Before a path that is written to: `--output-dir X`, `save_path: X`, `work_dir = "X"`. */
const WRITTEN = /(?:out|save|log|work|exp|result|record|run)(?:[._-]?\w+)*["']?[ =:,(]+[rfb]?["']?$/i;

/** Each once: relative ones with a folder in them, and absolute ones. */
export function pathsNamedIn(text: string): { relative: string[]; absolute: string[] } {
  const relative = new Set<string>();
  const absolute = new Set<string>();
  for (const { 1: path, index } of text.matchAll(PATH)) {
    if (path === undefined || !path.includes('/')) continue;
    if (!path.startsWith('/') && WRITTEN.test(text.slice(Math.max(0, index - 60), index))) continue;
    // The value of an option that is written together with it.
    const value = path.startsWith('/') ? path : path.replace(/^[^/]*=/, '');
    if (value.startsWith('/')) absolute.add(value);
    else if (value.includes('/')) relative.add(value);
  }
  return { relative: [...relative], absolute: [...absolute] };
}
