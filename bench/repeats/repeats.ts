/** Whole runs through the built command of two checkouts, with the playbook agent; counted from their event logs. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RunOutcome } from '../../client/run/run-outcome.js';
import { intervalText } from '../../domain/reports/judgement-text.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { packageFile } from '../../host/package-files.js';
import { secondsByTurns, type Winner, winnerIn } from './side-by-side.js';
import { type Spent, spentUntil } from './spent-until.js';

/** Real SPDL whose work is waiting, so that runs differ by less than a per cent or two. */
const PIPELINES: Record<string, { source: string; script: string; launch: string }> = {
  frames: { source: 'bench/repeats/pipelines/frames', script: 'train.py', launch: '{python} train.py' },
  captions: { source: 'bench/repeats/pipelines/captions', script: 'train.py', launch: '{python} train.py' },
  'three-stages': { source: 'bench/headline/source', script: 'train.py', launch: '{python} train.py --seed 1' },
  'one-stage': { source: 'bench/headline/one-stage', script: 'train.py', launch: '{python} train.py --seed 1' },
};
const LIMITS = ['--max-iterations', '8', '--patience', '2', '--job-timeout', '60', '--max-hours', '0.083'];
const MOST_REPEATS = 0.4;
const MOST_JOB_SECONDS = 0.5;

/** Of two winners' commands, what their seconds may differ by. */
const ALIKE = 0.05;

interface Measured {
  all: Spent;
  winner: Winner;
  text: string;
}

/** The exit code. Without `before` only this checkout runs. */
export async function compareRepeats(before: string | null, names: readonly string[]): Promise<number> {
  const sums = { distinct: 0, repeats: 0, seconds: 0, secondsBefore: 0 };
  let holdsUp = true;
  for (const name of names.length > 0 ? names : Object.keys(PIPELINES)) {
    const root = await mkdtemp(join(tmpdir(), `autoresearch-repeats-${name}-`));
    try {
      const old = before === null ? null : await oneRun(before, name, join(root, 'before'));
      if (old) console.log(`${name}, before: ${old.text}`);
      const now = await oneRun(packageFile(), name, join(root, 'now'));
      console.log(`${name}, now:    ${now.text}`);
      sums.distinct += now.all.distinct;
      sums.repeats += now.all.repeats;
      sums.seconds += now.all.jobSeconds;
      sums.secondsBefore += old?.all.jobSeconds ?? 0;
      if (old) holdsUp = (await isNoSlower(now, old)) && holdsUp;
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  const repeats = sums.repeats / sums.distinct;
  console.log(`repeats: ${repeats.toFixed(2)} of the distinct experiments (at most ${MOST_REPEATS})`);
  if (before === null) return repeats <= MOST_REPEATS ? 0 : 1;
  const seconds = sums.seconds / sums.secondsBefore;
  console.log(`job seconds: ${seconds.toFixed(2)} of before (at most ${MOST_JOB_SECONDS})`);
  return repeats <= MOST_REPEATS && seconds <= MOST_JOB_SECONDS && holdsUp ? 0 : 1;
}

/** By the winners' own commands: two versions measured the gains, of which the older one misjudged short jobs. */
async function isNoSlower(now: Measured, old: Measured): Promise<boolean> {
  const [seconds, before] = await secondsByTurns([now.winner, old.winner]);
  const holdsUp = seconds! <= before! * (1 + ALIKE);
  const verdict = holdsUp ? 'no slower' : 'slower';
  console.log(`    the winners by turns: ${seconds!.toFixed(2)} s, and before ${before!.toFixed(2)} s: ${verdict}`);
  return holdsUp;
}

async function oneRun(checkout: string, name: string, root: string): Promise<Measured> {
  const { source: from, script, launch } = PIPELINES[name] ?? unknown(name);
  const python = packageFile('.tools', 'venv', 'bin', 'python');
  const [source, workdir] = [join(root, 'source'), join(root, 'workdir')];
  await cp(packageFile(from), source, { recursive: true });
  const { stdout } = await execa(
    process.execPath,
    [
      ...[join(checkout, 'dist', 'client', 'main.js'), 'run', workdir, '--json', '--source-dir', source],
      ...['--pipeline-script', join(source, script), '--python', python],
      ...['--base-launch-command', launch.replaceAll('{python}', python)],
      ...['--agent', 'playbook', '--max-concurrency', '1', ...LIMITS],
    ],
    { cwd: source },
  );
  const outcome = JSON.parse(stdout) as RunOutcome;
  const log = await readFile(join(workdir, 'engine', 'events.jsonl'), 'utf8');
  const events = log.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as EngineEvent]));
  const lastBest = events.findLastIndex(({ type }) => type === 'best_changed');
  const [held, all] = [spentUntil(events.slice(0, lastBest + 1)), spentUntil(events)];
  const { proven_gain: gain, best } = outcome;
  if (!best) throw new Error(`${name}: no best was found`);
  const worth = gain === null ? 'no proven gain' : intervalText(gain);
  const text = `held after ${spentText(held)}; ended after ${spentText(all)}; ${best.node_id} ${worth} (${outcome.stop?.reason})`;
  return { all, winner: await winnerIn(workdir, source, best.node_id, join(root, 'winner')), text };
}

function spentText({ distinct, repeats, jobs, shortened, jobSeconds }: Spent): string {
  return `${distinct} experiments and ${repeats} repeats (${shortened} ended early), ${jobs} jobs, ${jobSeconds.toFixed(0)} job seconds`;
}

function unknown(name: string): never {
  throw new Error(`${name}: one of ${Object.keys(PIPELINES).join(', ')}`);
}
