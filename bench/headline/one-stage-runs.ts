/**
 * Whole runs of the built command on the pipeline as it is first written: one process, and one stage that demuxes and
 * decodes. The run that the figures are from was published with 111 experiments.
 */
import { percentile } from '../../domain/belief/steady-state.js';
import { packageFile } from '../../host/package-files.js';
import { type Course, firstAt, type Result } from './course.js';
import { type ProductRun, productRun } from './product-run.js';
import { Yardstick } from './yardstick.js';

const PUBLISHED = 111;
/** Distinct experiments with jobs of their own, the seeds among them. */
const GOAL = 15;
const NEAR = 0.95;
const LIMITS = ['--max-iterations', '30', '--patience', '4', '--job-timeout', '120', '--max-hours', '0.2'];
const USED_S = 0.5;
const LONG_S = 2;
const CUTS_CLIPS = /^--clip-seconds\b/;

const PLANNERS: Record<string, Pick<ProductRun, 'agent' | 'withModel'>> = {
  rules: { agent: 'playbook', withModel: false },
  model: { agent: 'playbook', withModel: true },
  moves: { agent: packageFile('test', 'fixtures', 'agents', 'names-headline-moves.mjs'), withModel: false },
};
const NAMES: Record<string, string> = {
  rules: 'the playbook by rules alone',
  model: 'the playbook with its model',
  moves: 'a planner that only names moves',
};

export interface OneStageOptions {
  runs: number;
  /** Who searches, by the names above. */
  planners: readonly string[];
  /** Long clips, of which cutting them is other work. */
  clips: boolean;
}

/** The exit code. */
export async function oneStageRuns({ runs, planners, clips }: OneStageOptions): Promise<number> {
  const sameWork = new Yardstick(clips ? LONG_S : USED_S);
  const cut = clips ? new Yardstick(USED_S) : null;
  const measure = async () => {
    await sameWork.measure();
    await cut?.measure();
  };
  await measure();
  const courses = new Map<string, Course[]>(planners.map((planner) => [planner, []]));
  for (let seed = 1; seed <= runs; seed += 1) {
    for (const [planner, own] of courses) {
      const course = await oneRun(planner, seed, clips);
      own.push(course);
      console.log(`${NAMES[planner]}, seed ${seed}: ${courseText(course)}`);
    }
    await measure();
  }
  // What a run measured counts, too: a busy machine may have held up the yardstick.
  const all = [...courses.values()].flat().flatMap(({ results }) => results);
  const fastest = (results: readonly Result[]) => Math.max(0, ...results.map(({ rate }) => rate));
  const best = Math.max(sameWork.best, fastest(all.filter((each) => !doesOtherWork(each))));
  const bestCut = cut && Math.max(cut.best, fastest(all.filter(doesOtherWork)));
  const verdicts = [...courses].map(([planner, own]) => {
    const isNear = sameWorkGoal(NAMES[planner]!, own, best);
    return bestCut === null ? isNear : otherWorkGoal(NAMES[planner]!, own, bestCut) && isNear;
  });
  return verdicts.every(Boolean) ? 0 : 1;
}

async function oneRun(planner: string, seed: number, clips: boolean): Promise<Course> {
  return await productRun({
    pipeline: 'one-stage',
    scriptFlags: `--seed ${seed} --clip-seconds ${clips ? LONG_S : USED_S}`,
    ...PLANNERS[planner]!,
    flags: [...LIMITS, ...(clips ? ['--allow', 'other-work'] : [])],
  });
}

function courseText({ summary, changesOfBest, refused, unreached }: Course): string {
  return [
    summary,
    `    led to the best: ${changesOfBest.join(', ') || 'nothing'}`,
    ...refused.map((each) => `    refused: ${each}`),
    ...unreached.map((each) => `    not reached: ${each}`),
  ].join('\n');
}

function sameWorkGoal(name: string, courses: readonly Course[], best: number): boolean {
  const near = courses.map(({ results }) =>
    firstAt(
      NEAR * best,
      results.filter((each) => !doesOtherWork(each)),
    ),
  );
  const median = medianOf(near);
  console.log(
    `${name}: within 5% of the best same work (${best.toFixed(0)} samples/s) after ${countsText(near)}; the published run took ${PUBLISHED} experiments.`,
  );
  for (const { results } of courses) {
    const own = results.filter((each) => !doesOtherWork(each)).map(({ rate }) => rate);
    const [first = 0] = own;
    const most = Math.max(0, ...own);
    console.log(
      `    from ${first.toFixed(0)} to ${most.toFixed(0)} samples/s, ${((100 * most) / best).toFixed(0)}% of the best`,
    );
  }
  const isMet = median <= GOAL;
  console.log(`    ${isMet ? 'Goal met' : 'Goal missed'}: at most ${GOAL} distinct experiments in the median.`);
  return isMet;
}

/** Cutting the clips is found, measured, and never a gain of data loading. */
function otherWorkGoal(name: string, courses: readonly Course[], best: number): boolean {
  const near = courses.map(({ results }) => firstAt(NEAR * best, results.filter(doesOtherWork)));
  const isApart = courses.every((course) => {
    const others = course.results.filter(doesOtherWork);
    return others.every((each) => each.isApart && each.nodeId !== course.best);
  });
  console.log(
    `${name}: within 5% of the best with cut clips (${best.toFixed(0)} samples/s) after ${countsText(near)}.`,
  );
  const isMet = isApart && medianOf(near) <= GOAL;
  console.log(
    `    ${isMet ? 'Goal met' : 'Goal missed'}: at most ${GOAL} distinct experiments, ${isApart ? 'kept' : 'not kept'} apart.`,
  );
  return isMet;
}

function doesOtherWork({ changes, isApart }: Result): boolean {
  return isApart || changes.some((change) => CUTS_CLIPS.test(change));
}

function medianOf(near: readonly (Result | null)[]): number {
  return percentile(
    near.map((each) => each?.distinct ?? Number.POSITIVE_INFINITY),
    0.5,
  )!;
}

function countsText(near: readonly (Result | null)[]): string {
  const told = near.map((each) =>
    each
      ? `${each.distinct} distinct experiments (${each.experiments} beyond the seeds) and ${each.jobs} jobs (${each.nodeId})`
      : 'never',
  );
  return told.join('; ');
}
