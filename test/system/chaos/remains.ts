/**
 * What a run that has ended must not leave: processes, trees, locks, half-written files, and files that its log does
 * not say.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { processCommands } from '../../../worker/server/server-process.js';
import type { CommandRun } from '../../support/command-run.js';

export async function remainsOf(run: CommandRun): Promise<string[]> {
  return [
    ...(await processesOf(run.root)).map((command) => `a process is left: ${command}`),
    ...(await treesOf(run)).map((path) => `a tree is left: ${path}`),
    ...(await worktreesOf(run)).map((path) => `a worktree is left: ${path}`),
    ...(await filesBelow(run.workdir))
      .filter((path) => /\.(lock|draft|tmp)$/.test(path))
      .map((path) => `a lock or a half-written file is left: ${path}`),
    ...(await rebuildDifferences(run)),
  ];
}

/** Processes that are about to end are given this long. */
const END_MS = 10_000;

async function processesOf(folder: string): Promise<string[]> {
  const deadline = Date.now() + END_MS;
  for (;;) {
    const left = (await processCommands()).filter(
      ({ pid, command }) => pid !== process.pid && command.includes(folder),
    );
    if (left.length === 0 || Date.now() > deadline) return left.map(({ pid, command }) => `${pid} ${command}`);
    await sleep(100);
  }
}

/** Also what stands in the folders that the trees are made and recorded in, and that keep what jobs wrote elsewhere. */
async function treesOf(run: CommandRun): Promise<string[]> {
  const folders = ['trees', ...['.admin', '.scratch', '.writes'].map((name) => join('trees', name))];
  const entries = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(join(run.workdir, folder)).catch(() => []);
      return names.map((name) => join(folder, name));
    }),
  );
  return entries.flat().filter((path) => !folders.includes(path));
}

async function worktreesOf(run: CommandRun): Promise<string[]> {
  const { stdout } = await execa('git', ['worktree', 'list', '--porcelain'], { cwd: run.source });
  return stdout
    .split('\n')
    .flatMap((line) => (line.startsWith('worktree ') ? [line.slice(9)] : []))
    .slice(1);
}

/** Every file that people and scripts read must be what the event log says. */
async function rebuildDifferences(run: CommandRun): Promise<string[]> {
  const before = await hashes(run.workdir);
  const { exitCode, stderr } = await run.command('export', run.workdir);
  if (exitCode !== 0) return [`\`export\` ended with ${exitCode}: ${stderr}`];
  const after = await hashes(run.workdir);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path} is not what is rebuilt from the event log`);
}

async function hashes(folder: string): Promise<Map<string, string>> {
  const paths = (await filesBelow(folder)).filter((path) => !path.startsWith('engine/temporal'));
  const read = async (path: string): Promise<[string, string]> => [
    path,
    createHash('sha1')
      .update(await readFile(join(folder, path)))
      .digest('hex'),
  ];
  return new Map(await Promise.all(paths.map(read)));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
