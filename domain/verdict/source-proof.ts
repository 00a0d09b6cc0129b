/** A job must prove what it ran: files that it imported from the user's original instead of its tree disprove it. */

export interface ImportedFile {
  path: string;
  sha256: string;
  module: string;
}

/**
 * Advice when a file came from the original; null when all came from the tree, or when nothing was recorded (the job
 * is not Python, or runs where the probe does not reach). Directories are absolute; the tree may lie in the original.
 * `placed`: absolute paths in the original that trees share with it (linked or copied, and never edited): what comes
 * from there is the same code in every experiment.
 */
export function wrongSource(
  imports: readonly ImportedFile[],
  treeDir: string,
  originalDir: string,
  placed: readonly string[] = [],
): string | null {
  const isStray = (path: string) => !isInside(path, treeDir) && isInside(path, originalDir);
  const strays = imports.filter(({ path }) => isStray(path) && !placed.some((one) => isInside(path, one)));
  const first = strays[0];
  if (first === undefined) return null;
  const others = strays.length > 1 ? ` and ${strays.length - 1} more` : '';
  return (
    `the job ran ${first.path} (module ${first.module})${others} from the original source directory instead of its own tree, ` +
    "so it did not measure the experiment's code. Usual causes: an absolute path in the script, in a configuration file or in a " +
    'PYTHONPATH that a wrapper sets; an install that leads to the original. Install the package without -e in the build ' +
    `command, or start the job with PYTHONPATH=$SOURCE_DIR${packageRoot(first, originalDir)}.`
  );
}

/** A file that a job ran with other content than that of its tree, by its path in the source directory. */
export interface OtherContent {
  file: string;
  /** Its path on the job's host. */
  path: string;
  /** SHA-256 of the tree's and of what ran. */
  tree: string;
  ran: string;
}

/**
 * Where the source stood on the hosts of a job that do not see its tree: where the script was run from. `script`: its
 * path in the source directory.
 */
export function sourceFoldersOf(imports: readonly ImportedFile[], script: string): string[] {
  const end = `/${script}`;
  return [...new Set(imports.flatMap(({ path }) => (path.endsWith(end) ? path.slice(0, -end.length) : [])))];
}

/** `treeHash`: of a file of the tree's source directory; null where there is none. */
export function otherContent(
  imports: readonly ImportedFile[],
  folders: readonly string[],
  treeHash: (file: string) => string | null,
): OtherContent[] {
  const found = new Map<string, OtherContent>();
  for (const { path, sha256: ran } of imports) {
    for (const folder of folders.filter((each) => isInside(path, each))) {
      const file = path.slice(folder.length + 1);
      const tree = treeHash(file);
      if (tree !== null && tree !== ran && !found.has(file)) found.set(file, { file, path, tree, ran });
    }
  }
  return [...found.values()];
}

/**
 * Advice when a job ran what is no experiment's code: a file that is not the tree's, where the baseline's was, or what
 * the baseline ran of a file that the experiment changes. A build that rewrites files differs in the baseline as well.
 */
export function staleSource(found: readonly OtherContent[], baseline: readonly OtherContent[]): string | null {
  const stale = found.find(({ file, tree, ran }) => {
    const before = baseline.find((each) => each.file === file);
    return before === undefined || (before.tree !== tree && before.ran === ran);
  });
  if (stale === undefined) return null;
  return (
    `${otherContentText(stale)}, so it did not measure the experiment's code. Usual causes: an image or a bundle of before ` +
    '(a tag that does not change, and a host that has it already), a build that takes its files from the original.'
  );
}

export function otherContentText({ file, path }: OtherContent): string {
  return `the job ran ${path}, whose content is not that of ${file} in the experiment's tree`;
}

/** The folder of the original from which the module was imported by its name: '' or `/src`. */
function packageRoot({ path, module }: ImportedFile, originalDir: string): string {
  const stem = path.replace(/(?:\/__init__)?\.[^/]*$/, '');
  const name = `/${module.replaceAll('.', '/')}`;
  return stem.endsWith(name) ? stem.slice(originalDir.replace(/\/$/, '').length, -name.length) : '';
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
