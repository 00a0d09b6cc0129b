/**
 * Points a build or launch command at an experiment's own tree: the image's name for $IMAGE, and the tree's paths for
 * those of the user's source directory and repository. Inserted text is quoted for the place where it lands.
 */

import { join, normalize, relative, sep } from 'node:path';
import { insideSingleQuotes } from '../domain/command/shell-word.js';

export interface TreePlaces {
  /** The user's source directory, as the user calls it, … */
  originalSourceDir: string;
  /** … and without symbolic links; the same where it is not given. */
  realSourceDir?: string;
  /** Paths in here belong to the run itself and stay; it may lie within the source directory, or hold it. */
  workdir: string;
  realWorkdir?: string;
  tree: { root: string; sourceDir: string };
  /** The user's home directory, so that `~/…` and `$HOME/…` are understood; '' when unknown. */
  home?: string;
}

/** `$SOURCE_DIR`, `$WORKDIR` and `$NODE_ID` stay: the environment carries them. */
export function commandFor(template: string, image: string, places: TreePlaces): string {
  const moves = [...pathMoves(places)].sort((a, b) => b.from.length - a.from.length);
  const patterns = moves.flatMap((move) => spellings(move.from, places.home ?? ''));
  const finder = new RegExp(
    String.raw`(?<!\\)\$(?:IMAGE(?![A-Za-z0-9_])|\{IMAGE\})|${BEFORE}(?:${patterns.join('|')})${AFTER}`,
    'gu',
  );
  return template.replace(finder, (found: string, offset: number) => {
    const quote = quoteAt(template, offset);
    if (/^\$\{?IMAGE/.test(found)) return quoted(image, quote);
    const moved = movedPath(expanded(found, places.home ?? ''), moves);
    return moved === null ? found : quoted(moved, quote);
  });
}

/** The same replacement for a value that is no shell text, such as PYTHONPATH. */
export function pathListFor(list: string, places: TreePlaces): string {
  const moves = [...pathMoves(places)].sort((a, b) => b.from.length - a.from.length);
  const entries = list.split(':').filter((entry) => entry !== '');
  return entries.map((entry) => movedPath(entry, moves) ?? entry).join(':');
}

interface Move {
  from: string;
  to: string;
}

function* pathMoves({ originalSourceDir, realSourceDir, workdir, realWorkdir, tree }: TreePlaces): Generator<Move> {
  const below = relative(tree.root, tree.sourceDir);
  for (const source of new Set([originalSourceDir, realSourceDir ?? originalSourceDir])) {
    yield { from: source, to: tree.sourceDir };
    // The tree holds the whole repository; the source directory may be a folder in it.
    if (below !== '' && source.endsWith(sep + below)) yield { from: source.slice(0, -below.length - 1), to: tree.root };
  }
  for (const own of new Set([workdir, realWorkdir ?? workdir])) yield { from: own, to: own };
}

/** Where the path stands in the tree: its longest known folder decides. Null when it lies in none of them. */
function movedPath(path: string, moves: Move[]): string | null {
  const plain = normalize(path);
  const move = moves.find(({ from }) => plain === from || plain.startsWith(from + sep) || plain === from + sep);
  if (move === undefined || move.from === move.to) return null;
  return join(move.to, plain.slice(move.from.length));
}

/** Not in the middle of a longer path, but right after a one-letter option as in `-I/src`, or a file URL's scheme. */
const BEFORE = /(?:(?<![\p{L}\p{M}\p{N}_./~})\]*?\\@+%-])|(?<=(?:^|[\s'"=])-[A-Za-z])|(?<=file:\/\/))/u.source;
/** To the end of the path's word; a name that merely begins alike (`/src2`, `/src-old`, `/src.bak`) does not count. */
const AFTER = /(?:\/(?:\\.|[^\s'"`;:|&<>()$,\\])*|(?![\p{L}\p{M}\p{N}_.@+~%*?[\\-]))/u.source;

/** Patterns of how a shell command may write the path: as it is, with signs escaped, and by the home directory. */
function spellings(path: string, home: string): string[] {
  const forms = [escapable(path)];
  if (home !== '' && home !== '/' && path.startsWith(home + sep)) {
    const rest = escapable(path.slice(home.length));
    forms.push(`~${rest}`, String.raw`\$HOME${rest}`, String.raw`\$\{HOME\}${rest}`);
  }
  return forms;
}

/** Any sign that means something to a shell may stand there with a backslash before it. */
function escapable(path: string): string {
  return path.replace(/[^\p{L}\p{M}\p{N}_/]/gu, (sign) => String.raw`\\?` + escapeRegExp(sign));
}

function expanded(found: string, home: string): string {
  return found.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/)/, () => home).replace(/\\(.)/g, '$1');
}

type Quote = 'none' | 'single' | 'double';

/** In which kind of quotes the shell is when it reaches the offset. */
function quoteAt(command: string, offset: number): Quote {
  let quote: Quote = 'none';
  for (let i = 0; i < offset; i++) {
    const character = command[i];
    if (character === '\\' && quote !== 'single') i++;
    else if (character === "'" && quote !== 'double') quote = quote === 'single' ? 'none' : 'single';
    else if (character === '"' && quote !== 'single') quote = quote === 'double' ? 'none' : 'double';
  }
  return quote;
}

function quoted(text: string, quote: Quote): string {
  switch (quote) {
    case 'none':
      return text.replace(/[^\p{L}\p{M}\p{N}_@%+=:,./-]/gu, '\\$&');
    case 'single':
      return insideSingleQuotes(text);
    case 'double':
      return text.replace(/["$`\\]/g, '\\$&');
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
