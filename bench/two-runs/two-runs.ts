/** Runs through the built command with the playbook agent, as a person starts them, on copies of the example. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { RunOutcome } from '../../client/run/run-outcome.js';
import { intervalText } from '../../domain/reports/judgement-text.js';
import { packageFile } from '../../host/package-files.js';

export const EXAMPLES = ['images', 'audio'];
const SEEDS = [1, 2];
/** As in `npm run demo`, and an end after five minutes: on a busy machine repeats go on for long. */
const LIMITS = ['--max-iterations', '4', '--patience', '2', '--job-timeout', '120', '--max-hours', '0.083'];

interface Run {
  /** From the base to the winner, in no order. */
  changes: string[];
  gain: NonNullable<RunOutcome['proven_gain']>;
}

/**
 * The exit code: 1 when two runs of an example differ by more than their intervals say, or one of them proves no gain.
 */
export async function compareTwoRuns(examples: readonly string[]): Promise<number> {
  let agree = true;
  for (const example of examples) {
    const runs: Run[] = [];
    // One after the other: runs side by side would measure each other.
    for (const seed of SEEDS) runs.push(await oneRun(example, seed));
    const says = agreement(runs[0]!, runs[1]!);
    console.log(`${example}: ${says ?? 'another winner, and intervals that do not overlap'}`);
    agree &&= says !== null;
  }
  return agree ? 0 : 1;
}

function agreement(a: Run, b: Run): string | null {
  const isSame = a.changes.join('\n') === b.changes.join('\n');
  const doOverlap = a.gain.low <= b.gain.high && b.gain.low <= a.gain.high;
  if (isSame) return doOverlap ? 'the same winner, and intervals that overlap' : 'the same winner';
  return doOverlap ? 'intervals that overlap' : null;
}

async function oneRun(example: string, seed: number): Promise<Run> {
  const root = await mkdtemp(join(tmpdir(), `autoresearch-${example}-`));
  try {
    const begin = performance.now();
    const outcome = await outcomeOf(root, example, seed);
    const minutes = (performance.now() - begin) / 60_000;
    const { best, proven_gain: gain, winning_changes, counts, stop } = outcome;
    if (!best || !gain)
      throw new Error(`examples/${example} with seed ${seed} proved no gain: ${JSON.stringify(outcome)}`);
    const changes = winning_changes.map(({ change }) => change).sort();
    console.log(
      `${example}, seed ${seed}: ${best.node_id}, ${intervalText(gain)}; ${counts.completed} experiments, ${minutes.toFixed(1)} min, ` +
        `ended by ${stop?.reason}\n${changes.map((change) => `    ${change}`).join('\n')}`,
    );
    return { changes, gain };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function outcomeOf(root: string, example: string, seed: number): Promise<RunOutcome> {
  const python = packageFile('.tools', 'venv', 'bin', 'python');
  const source = join(root, 'source');
  const made = new Set(['data', '__pycache__']);
  await cp(packageFile('examples', example), source, { recursive: true, filter: (path) => !made.has(basename(path)) });
  await execa(python, ['make_data.py'], { cwd: source });
  const { stdout } = await execa(process.execPath, [
    ...[packageFile('dist', 'client', 'main.js'), 'run', join(root, 'workdir'), '--json'],
    ...['--source-dir', source, '--pipeline-script', join(source, 'train.py')],
    ...['--base-launch-command', `${python} train.py --seed ${seed}`, '--python', python],
    ...['--agent', 'playbook', '--max-concurrency', '1', ...LIMITS],
  ]);
  return JSON.parse(stdout) as RunOutcome;
}
