/** The commands of two runs' winners, taken out of their workdirs and run by turns: one ruler for both. */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { percentile } from '../../domain/belief/steady-state.js';
import type { Spec } from '../../domain/formats/spec.js';

export interface Winner {
  /** Its code. */
  dir: string;
  command: string;
}

const TURNS = 5;

/** The code and command of an experiment, in a folder `into` of its own. */
export async function winnerIn(workdir: string, source: string, nodeId: string, into: string): Promise<Winner> {
  const text = await readFile(join(workdir, 'engine', 'nodes', nodeId, 'spec.json'), 'utf8');
  const { commit, launch_command: command } = JSON.parse(text) as Spec & { commit: string };
  await cp(source, into, { recursive: true });
  const archive = await execa('git', ['--git-dir', join(workdir, 'source.git'), 'archive', commit], {
    encoding: 'buffer',
  });
  await execa('tar', ['-x', '-C', into], { input: archive.stdout });
  return { dir: into, command };
}

/** Median seconds of each, in their order. */
export async function secondsByTurns(winners: readonly Winner[]): Promise<number[]> {
  const seconds = winners.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [i, { dir, command }] of winners.entries()) {
      const startedAtMs = Date.now();
      await execa('bash', ['-c', command], { cwd: dir });
      seconds[i]!.push((Date.now() - startedAtMs) / 1000);
    }
  }
  return seconds.map((each) => percentile(each, 0.5)!);
}
