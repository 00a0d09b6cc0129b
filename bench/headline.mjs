/**
 * How soon a search is within 5% of the best possible on a pipeline whose stages hold each other up, so that a pair of
 * values gains what neither does alone.
 *
 *   node bench/headline.mjs                      on paper: the playbook's search with and without its model of the
 *                                                pipeline, Optuna's TPE and random search, ten seeds each; and the
 *                                                playbook's from one stage, which it has to split first
 *   node bench/headline.mjs --real [--runs N]    whole runs of the product on the real pipeline (bench/headline/source,
 *                                                at a quarter of its time), N with the model and N without (1 unless
 *                                                told), a few minutes each
 *   node bench/headline.mjs --real --from one-stage [--runs N] [--planner rules] [--planner model] [--planner moves]
 *                                                the same pipeline as it is first written (bench/headline/one-stage):
 *                                                one process, one stage that demuxes and decodes. By the playbook
 *                                                without and with its model, and by a planner that only names moves
 *                                                (test/fixtures/agents/names-headline-moves.mjs); all unless told
 *   node bench/headline.mjs --real --from one-stage --clips [the same]
 *                                                with clips of 2 s, of which the model sees half a second: cutting
 *                                                them is other work, which these runs allow
 *
 * Exit code 1: the goal is missed. In the median at most 8 distinct experiments beyond the seeds, and 20 jobs; from one
 * stage at most 15 distinct experiments, the seeds among them, for each planner, and cut clips found and kept apart.
 */
import { parseArgs } from 'node:util';
import { SetupFailure } from '../scripts/setup/process.mjs';
import { withTypeScript } from '../scripts/typescript.mjs';
import { optunaPython } from './search/optuna-environment.mjs';

const STARTS = ['three-stages', 'one-stage'];
const PLANNERS = ['rules', 'model', 'moves'];
const { values } = parseArgs({
  options: {
    real: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1' },
    from: { type: 'string', default: STARTS[0] },
    planner: { type: 'string', multiple: true, default: PLANNERS },
    clips: { type: 'boolean', default: false },
  },
});
try {
  if (!STARTS.includes(values.from)) throw new SetupFailure(`--from: one of ${STARTS.join(', ')}`, 2);
  const unknown = values.planner.filter((name) => !PLANNERS.includes(name));
  if (unknown.length > 0) throw new SetupFailure(`--planner ${unknown[0]}: one of ${PLANNERS.join(', ')}`, 2);
  if ((values.clips || values.from === 'one-stage') && !values.real)
    throw new SetupFailure('--from one-stage and --clips go with --real: on paper it goes from both', 2);
  if (values.clips && values.from !== 'one-stage') throw new SetupFailure('--clips goes with --from one-stage', 2);
  process.exitCode = values.real ? await onReal() : await onPaper();
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}

async function onReal() {
  const { from, planner: planners, clips } = values;
  return await withTypeScript('/bench/headline/real-runs.ts', ({ headlineRuns }) =>
    headlineRuns({ from, planners, clips, runs: Number(values.runs) }),
  );
}

async function onPaper() {
  const python = await optunaPython();
  return await withTypeScript('/bench/headline/on-paper.ts', ({ headlineOnPaper }) => headlineOnPaper(python));
}
