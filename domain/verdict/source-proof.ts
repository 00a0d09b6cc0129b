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

/** The folder of the original from which the module was imported by its name: '' or `/src`. */
function packageRoot({ path, module }: ImportedFile, originalDir: string): string {
  const stem = path.replace(/(?:\/__init__)?\.[^/]*$/, '');
  const name = `/${module.replaceAll('.', '/')}`;
  return stem.endsWith(name) ? stem.slice(originalDir.replace(/\/$/, '').length, -name.length) : '';
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
