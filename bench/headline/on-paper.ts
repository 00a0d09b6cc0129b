/** The searchers on the twin of the headline pipeline, ten seeds each. */
import { percentile } from '../../domain/belief/steady-state.js';
import { bestPossible } from '../search/best-possible.js';
import { startOptuna } from '../search/optuna-search.js';
import { BUDGET, optuna, playbook, type Searcher } from '../search/searchers.js';
import { operate } from '../search/simulated-pipeline.js';
import { TWIN } from './twin.js';

const SEEDS = 10;
const NEAR = 0.95;
const GOAL = 8;
/** Of the playbook's experiments: headspace, which the others have no use for. */
const SEED_EXPERIMENTS = 1;

/** The exit code. */
export async function headlineOnPaper(python: string): Promise<number> {
  const search = startOptuna(python);
  try {
    const searchers: [string, Searcher, number][] = [
      ['playbook with its model', playbook({ withModel: true }), SEED_EXPERIMENTS],
      ['playbook by rules alone', playbook({ withModel: false }), SEED_EXPERIMENTS],
      ["Optuna's TPE", optuna(search, 'tpe'), 0],
      ['random', optuna(search, 'random'), 0],
    ];
    const best = bestPossible(TWIN.pipeline, TWIN.start);
    const begin = operate(TWIN.pipeline, TWIN.start).rate;
    console.log(`On paper: ${begin.toFixed(1)} samples/s at first, ${best.toFixed(1)} at best.`);
    console.log(`Distinct experiments beyond the seeds until within 5% of that, at most ${BUDGET}, ${SEEDS} seeds:`);
    let own = Number.POSITIVE_INFINITY;
    for (const [name, searcher, seedExperiments] of searchers) {
      const counts: number[] = [];
      for (let seed = 1; seed <= SEEDS; seed += 1)
        counts.push(await untilNear(searcher, seed, NEAR * best, seedExperiments));
      const median = percentile(counts, 0.5)!;
      if (own === Number.POSITIVE_INFINITY) own = median;
      const told = counts.map((count) => (count === BUDGET ? 'never' : count));
      console.log(`${name.padEnd(26)}median ${median}, worst ${Math.max(...counts)}   (${told.join(' ')})`);
    }
    if (own > GOAL) console.log(`Goal missed: the playbook needs ${own} experiments in the median, not ${GOAL}.`);
    return own > GOAL ? 1 : 0;
  } finally {
    search.close();
  }
}

/** One that never came near counts as the whole budget: at least so many it would have needed. */
async function untilNear(searcher: Searcher, seed: number, target: number, seedExperiments: number): Promise<number> {
  const count = await searcher(TWIN, seed, target);
  return count === null ? BUDGET : count - seedExperiments;
}
