/** Real repositories and workdirs in a temporary folder, for the tests of what handles source code. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigSchema, type RunConfig } from '../../domain/formats/config.js';
import { openSourceControl } from '../../source/control/open.js';
import type { StoredSource } from '../../source/control/stored-source.js';
import { Workdir } from '../../workdir/paths.js';

export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'autoresearch-source-')));
}

export function run(cwd: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', ['-c', 'user.name=u', '-c', 'user.email=u@localhost', ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
}

export function write(root: string, files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** A repository with one commit: train.py, pkg/, an executable, a link, and ignore rules. */
export function repository(root: string, files: Record<string, string> = {}): string {
  mkdirSync(root, { recursive: true });
  run(root, 'init', '-q', '-b', 'main');
  write(root, {
    '.gitignore': 'data/\n.venv/\n__pycache__/\n*.so\n',
    'train.py': 'import pkg\nprint("one")\n',
    'pkg/__init__.py': '',
    'pkg/loader.py': 'WORKERS = 2\n',
    'run.sh': '#!/bin/sh\necho hi\n',
    ...files,
  });
  chmodSync(join(root, 'run.sh'), 0o755);
  execFileSync('ln', ['-s', 'train.py', join(root, 'main.py')]);
  run(root, 'add', '-A');
  run(root, 'commit', '-q', '-m', 'first');
  return root;
}

export function configOf(source: string, more: Record<string, unknown> = {}): RunConfig {
  return ConfigSchema.parse({
    pipeline_script: join(source, 'train.py'),
    source_dir: source,
    base_launch_command: `python3 ${join(source, 'train.py')}`,
    run_id: 'run-1',
    ...more,
  });
}

export async function open(workdir: string, source: string, more: Record<string, unknown> = {}): Promise<StoredSource> {
  mkdirSync(workdir, { recursive: true });
  return openSourceControl({ workdir: new Workdir(workdir), config: configOf(source, more) });
}

/**
 * All that a user could notice: HEAD, branches, index bytes, configuration, status, stash, worktrees, files with
 * content and mode.
 */
export function fingerprint(top: string): Record<string, string> {
  const seen: Record<string, string> = {
    index: readFileSync(join(top, '.git/index')).toString('base64'),
    head: readFileSync(join(top, '.git/HEAD'), 'utf8'),
    config: readFileSync(join(top, '.git/config'), 'utf8'),
    branches: run(top, 'for-each-ref', 'refs/heads', 'refs/tags', 'refs/stash', 'refs/remotes'),
    worktrees: run(top, 'worktree', 'list'),
    entries: readdirSync(join(top, '.git')).sort().join(' '),
  };
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(top, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (path === '.git') continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) {
        const facts = statSync(join(top, path));
        seen[path] = `${facts.mode} ${facts.mtimeMs} ${readFileSync(join(top, path)).toString('base64')}`;
      }
    }
  };
  visit('');
  return { ...seen, status: run(top, '--no-optional-locks', 'status', '--porcelain') };
}
