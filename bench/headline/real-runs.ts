/** Whole runs of the built command on the real pipeline, as a person starts them, and what its best setting gives. */
import { percentile } from '../../domain/belief/steady-state.js';
import { type Course, firstAt } from './course.js';
import { type OneStageOptions, oneStageRuns } from './one-stage-runs.js';
import { productRun } from './product-run.js';
import { Yardstick } from './yardstick.js';

const NEAR = 0.95;
const GOAL = { experiments: 8, jobs: 20 };
const LIMITS = ['--max-iterations', '30', '--patience', '3', '--job-timeout', '120', '--max-hours', '0.15'];
const CLIP_S = 0.5;

export interface HeadlineOptions extends OneStageOptions {
  /** How the pipeline is first written. */
  from: 'three-stages' | 'one-stage';
}

/** The exit code. */
export async function headlineRuns(options: HeadlineOptions): Promise<number> {
  return options.from === 'one-stage' ? await oneStageRuns(options) : await threeStageRuns(options.runs);
}

async function threeStageRuns(runs: number): Promise<number> {
  // Before, between and after.
  const yardstick = new Yardstick(CLIP_S);
  await yardstick.measure();
  const courses: Record<string, Course[]> = { 'with the model': [], 'by rules alone': [] };
  for (let seed = 1; seed <= runs; seed += 1) {
    for (const [name, own] of Object.entries(courses)) {
      const course = await oneRun(seed, name === 'with the model');
      own.push(course);
      console.log(`${name}, seed ${seed}: ${course.summary}`);
    }
    await yardstick.measure();
  }
  const { best } = yardstick;
  console.log(`The best possible: ${best.toFixed(0)} samples/s.`);
  for (const [name, own] of Object.entries(courses)) {
    const near = own.map(({ results }) => firstAt(NEAR * best, results));
    const told = near.map((each) => (each ? `${each.experiments} experiments, ${each.jobs} jobs` : 'never'));
    console.log(`${name}: within 5% of it after ${told.join('; ')}`);
  }
  const near = courses['with the model']!.map(({ results }) => firstAt(NEAR * best, results));
  const median = (of: 'experiments' | 'jobs') =>
    percentile(
      near.map((each) => each?.[of] ?? Number.POSITIVE_INFINITY),
      0.5,
    )!;
  const [experiments, jobs] = [median('experiments'), median('jobs')];
  const isMet = experiments <= GOAL.experiments && jobs <= GOAL.jobs;
  console.log(`${isMet ? 'Goal met' : 'Goal missed'}: ${experiments} experiments and ${jobs} jobs in the median.`);
  return isMet ? 0 : 1;
}

async function oneRun(seed: number, withModel: boolean): Promise<Course> {
  return await productRun({
    pipeline: 'source',
    scriptFlags: `--seed ${seed}`,
    agent: 'playbook',
    withModel,
    flags: LIMITS,
  });
}
