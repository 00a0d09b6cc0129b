/**
 * An experiment's tree as one file, for jobs whose hosts see nothing of the workdir: the files as they stand in the
 * tree, without git's own, and beside them `.autoresearch/` with the probe and a script that starts a command with it
 * and samples what it uses.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { packageFile } from '../host/package-files.js';
import { runApart } from '../host/short-program.js';
import type { SourceTree } from './control/source-control.js';
import { scratchPrefix, Trees } from './control/trees.js';

/** Of the same commit the same bytes: names in their order, one time, nobody's owner, no mode but the executable's. */
const REPRODUCIBLE = [
  ...['--sort=name', '--format=gnu', '--hard-dereference', '--mtime=@946684800', '--mode=u=rwX,go=rX'],
  ...['--owner=0', '--group=0', '--numeric-owner', '--exclude=__pycache__', '--exclude=.git'],
];

/** Whether a command is about the bundle, so that there must be one. */
export function namesBundle(command: string): boolean {
  return /\$(?:SOURCE_BUNDLE(?![A-Za-z0-9_])|\{SOURCE_BUNDLE\})/.test(command);
}

/** Gives its path. Made once for a tree and its commit, whole or not at all; it goes with the tree. */
export async function openBundle(trees: string, name: string, commit: string, tree: SourceTree): Promise<string> {
  const folder = Trees.bundlesOf(trees, name);
  const path = join(folder, `${commit.slice(0, 12)}.tar.gz`);
  if (existsSync(path)) return path;
  await mkdir(Trees.scratchOf(trees), { recursive: true });
  const scratch = await mkdtemp(join(Trees.scratchOf(trees), await scratchPrefix()));
  try {
    const own = join(scratch, '.autoresearch');
    await cp(packageFile('probe'), join(own, 'probe'), { recursive: true });
    await writeFile(join(own, 'run'), runScript(relative(tree.root, tree.sourceDir)), { mode: 0o755 });
    const made = join(scratch, 'bundle.tar.gz');
    const parts = ['-C', tree.root, '.', '-C', scratch, './.autoresearch'];
    const compressed = ['--use-compress-program=gzip -n', '--create', `--file=${made}`];
    const env = { LC_ALL: 'C' };
    const { exitCode, stderr } = await runApart('tar', [...REPRODUCIBLE, ...compressed, ...parts], { env });
    if (exitCode !== 0) throw new Error(`no bundle of ${tree.root} (GNU tar and gzip make it): ${stderr}`);
    await mkdir(folder, { recursive: true });
    await rename(made, path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return path;
}

/** `sh .autoresearch/run python train.py`, wherever the bundle was unpacked. */
function runScript(sourceFolder: string): string {
  return `#!/bin/sh
# Runs a command in the experiment's source with autoresearch's probe in front of its Python path.
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
SOURCE_DIR=$root/${sourceFolder.replace(/[^\w./-]/g, '\\$&')}
SOURCE_DIR=\${SOURCE_DIR%/}
PYTHONPATH=$root/.autoresearch/probe\${PYTHONPATH:+:$PYTHONPATH}
PYTHONUNBUFFERED=\${PYTHONUNBUFFERED:-1}
AUTORESEARCH_PROBE_TO=\${AUTORESEARCH_PROBE_TO:-auto}
export SOURCE_DIR PYTHONPATH PYTHONUNBUFFERED AUTORESEARCH_PROBE_TO
cd "$SOURCE_DIR" || exit 1
# As nobody's child: a command that waits for its own must not find another one.
if command -v python3 > /dev/null; then
  (python3 "$root/.autoresearch/probe/autoresearch_job/told_samples.py" $$ < /dev/null > /dev/null &)
fi
exec "$@"
`;
}
