// What only the user can install: Node, npm, git and Python. Each is looked for when a step needs it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { SetupFailure } from './process.mjs';

const MIN_NODE = [20, 20];
const MIN_PYTHON = '3.10';

export function findOnPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (folder !== '' && statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

export function requireNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  throw new SetupFailure(
    `Node ${MIN_NODE.join('.')} or newer is needed, this is ${version}. Install a current one from https://nodejs.org or with your version manager (for instance: nvm install 24).`,
    2,
  );
}

/** The npm that started this command if there is one, so that both are of the same Node. */
export function requireNpm() {
  const running = process.env.npm_execpath;
  if (running?.endsWith('npm-cli.js')) return { command: process.execPath, args: [running] };
  if (findOnPath('npm')) return { command: 'npm', args: [] };
  throw new SetupFailure(
    'npm is not on PATH. It comes with Node from https://nodejs.org (Debian: apt install npm).',
    2,
  );
}

export function requireGit() {
  if (findOnPath('git')) return;
  throw new SetupFailure('git is not on PATH. Install it: https://git-scm.com/downloads (Debian: apt install git).', 2);
}

/** A Python that is new enough and can make virtual environments; AUTORESEARCH_PYTHON names one to take. */
export function requirePython() {
  const given = process.env.AUTORESEARCH_PYTHON;
  // A path counts from where set-up was asked for; what it starts stands elsewhere.
  const named = given?.includes('/') ? resolve(given) : given;
  const candidates = named ? [named] : ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
  const probe =
    'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 10)); import venv, ensurepip';
  const reasons = [];
  for (const candidate of candidates) {
    const { status, stdout } = spawnSync(candidate, ['-c', probe], { encoding: 'utf8' });
    if (!stdout) continue;
    const [version, isNewEnough] = stdout.trim().split(' ');
    if (isNewEnough !== 'True') reasons.push(`${candidate} is ${version}`);
    else if (status !== 0) reasons.push(`${candidate} (${version}) lacks venv (Debian: apt install python3-venv)`);
    else return candidate;
  }
  const found = reasons.length > 0 ? reasons.join('; ') : `none of ${candidates.join(', ')} runs`;
  throw new SetupFailure(
    `Python ${MIN_PYTHON} or newer with venv is needed: ${found}. Install one from https://www.python.org/downloads (Debian: apt install python3 python3-venv), or name one in AUTORESEARCH_PYTHON.`,
    2,
  );
}
