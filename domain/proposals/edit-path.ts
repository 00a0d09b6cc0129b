/** Which paths an agent may write: relative ones inside the source directory, through no link, and not protected. */

const REPOSITORY_FOLDERS = new Set(['.git', '.hg', '.sl', '.svn']);

/** Far above any path of a source tree, far below what a file system refuses. */
const PATH_LIMIT = 512;

export interface PathRules {
  /** Regular files of the source directory. */
  files: ReadonlySet<string>;
  /** Symbolic links, submodules and what is linked from outside. */
  linked: readonly string[];
  /** Globs (`*`, `**`, `?`) that must stay as they are. */
  protectedPaths: readonly string[];
}

/** `./a//b.py` -> `a/b.py`; what climbs or is absolute stays as it is, for pathProblem to refuse. */
export function plainPath(path: string): string {
  if (path.startsWith('/')) return path;
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Why a plain path may not be written, or null. */
export function pathProblem(path: string, rules: PathRules): string | null {
  const parts = path.split('/');
  if (path === '') return 'the path is empty';
  if (path.includes('\0')) return 'the path contains a NUL character';
  if (/\p{C}|\p{Zl}|\p{Zp}/u.test(path)) return 'the path contains a character that cannot be seen';
  if (path.length > PATH_LIMIT) return `the path has ${path.length} characters; at most ${PATH_LIMIT} are taken`;
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) {
    return 'the path is absolute; give it relative to the source directory';
  }
  if (path.includes('\\')) return 'the path contains a backslash; separate folders by /';
  if (parts.includes('..')) return 'the path leaves the source directory (..)';
  if (path.startsWith('~')) return 'the path begins with ~, which is not expanded';
  const folder = parts.find((part) => REPOSITORY_FOLDERS.has(nameOnDisk(part)));
  if (folder) return `the path is inside ${folder}, which belongs to the repository`;
  const link = rules.linked.find((one) => path === one || path.startsWith(`${one}/`));
  if (link) return `${link} is a link to something outside this tree; edit a file that belongs to the source itself`;
  const glob = rules.protectedPaths.find((one) => isUnder(path, one));
  if (glob) return `the file is protected (${glob})`;
  for (let length = 1; length < parts.length; length++) {
    const above = parts.slice(0, length).join('/');
    if (rules.files.has(above)) return `${above} is a file, not a directory`;
  }
  for (const file of rules.files) {
    if (file.startsWith(`${path}/`)) return 'the path is a directory';
  }
  return null;
}

/** As file systems may take it that ignore case, trailing dots and blanks, or use short names (`GIT~1`). */
function nameOnDisk(part: string): string {
  const name = part.toLowerCase().replace(/[. ]+$/, '');
  return name === 'git~1' ? '.git' : name;
}

/** `**` spans folders, `*` and `?` stay within one; a glob without `/` matches in any folder. */
export function globPattern(glob: string): RegExp {
  const pattern = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*\*\/|\*\*|\*|\?/g, (sign) => {
    if (sign === '**/') return '(?:.*/)?';
    if (sign === '**') return '.*';
    return sign === '*' ? '[^/]*' : '[^/]';
  });
  // On a file system that ignores case, `Tests/` is `tests/`.
  return new RegExp(`^${glob.includes('/') ? '' : '(?:.*/)?'}${pattern}$`, 'iu');
}

/** Whether a glob matches the path or a folder that it lies in. */
export function isUnder(path: string, glob: string): boolean {
  const pattern = globPattern(glob.replace(/^(?:\.?\/)+|\/+$/g, ''));
  const parts = path.split('/');
  return parts.some((_, index) => pattern.test(parts.slice(0, index + 1).join('/')));
}

/** Files whose names come closest to a path that does not exist. */
export function similarPaths(path: string, files: Iterable<string>): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const all = [...files];
  const sameName = all.filter((file) => file === name || file.endsWith(`/${name}`));
  if (sameName.length > 0) return sameName.slice(0, 3);
  const extension = /\.[^./]+$/.exec(name)?.[0];
  return all.filter((file) => extension !== undefined && file.endsWith(extension)).slice(0, 5);
}
