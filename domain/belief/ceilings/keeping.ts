/** A candidate is kept unless it is faster than its ceiling; of a change of the model step that is measured first. */
import type { EngineState } from '../../run/engine-state.js';
import type { EventBody } from '../../run/event-types.js';
import { type ExperimentIdentity, type ExperimentRow, HEADSPACE_ID } from '../../run/experiment-record.js';
import { type Objective, objectiveOfRow } from '../compare.js';
import { KEEP_CONFIDENCE } from '../improvement.js';
import type { Judgement } from '../judgement.js';
import { CONFIRMATION_PRIORITY } from '../measure-again.js';
import type { Noise } from '../noise.js';
import { ceilingOf, everyRunOf, isDoubtedCeiling, runsOf } from '../repeats.js';
import { isAboveCeiling } from './ceiling.js';
import { aboveCeiling, measuresCeilingsAgain } from './ceiling-again.js';

export interface Keep {
  verdict: (is: Judgement['verdict'], reason: string, gain: Judgement['gain']) => EventBody;
  reason: string;
  gain: Judgement['gain'];
}

export function kept(
  state: EngineState,
  { nodeId }: ExperimentRow,
  noise: Noise,
  { verdict, reason, gain }: Keep,
): EventBody[] {
  const isBest = state.best === nodeId;
  const keep = [verdict('keep', reason, gain), ...(isBest ? [] : [{ type: 'best_changed', nodeId } as const])];
  if (measuresCeilingsAgain(state)) return keptBelow(state, nodeId, { keep, verdict, gain });
  const metric = objectiveOfRow(state.experiments[nodeId])!.metric;
  const runs = runsOf(state, nodeId, metric);
  const isAbove = (ceiling: string) => isAboveIt(state, runs, ceiling, { metric, noise });
  if (!isAbove(HEADSPACE_ID)) return keep;
  const ceiling = ceilingOf(state, nodeId);
  if (ceiling === null) return ceilingFirst(state, nodeId, { verdict, gain });
  if (objectiveOfRow(state.experiments[ceiling]) && !isAbove(ceiling)) return keep;
  const doubt = `it is faster than ${ceiling}, which loads no data at all: more than a change of data loading can give`;
  return [verdict('quarantine', doubt, gain)];
}

/** Where ceilings are measured again before they decide. */
function keptBelow(
  state: EngineState,
  nodeId: string,
  { keep, verdict, gain }: Pick<Keep, 'verdict' | 'gain'> & { keep: EventBody[] },
): EventBody[] {
  const ceiling = ceilingOf(state, nodeId);
  const above = aboveCeiling(state, nodeId, ceiling ?? HEADSPACE_ID, KEEP_CONFIDENCE);
  if (ceiling === null && above !== null) return ceilingFirst(state, nodeId, { verdict, gain });
  if (above !== null) return [verdict('quarantine', `${above.text}: ${NOT_BY_LOADING}`, gain)];
  const own = state.confirmation?.ceilings[nodeId];
  const isUnmeasured = own !== undefined && objectiveOfRow(state.experiments[own]) === null;
  return isUnmeasured
    ? [verdict('quarantine', `whether its code can be so fast is not known: ${own} has no result`, gain)]
    : keep;
}

const NOT_BY_LOADING = 'more than a change of data loading can give, so that it does less work, or other work';

/** The ceiling of another step is that of its own code. */
function ceilingFirst(
  state: EngineState,
  nodeId: string,
  { verdict, gain }: Pick<Keep, 'verdict' | 'gain'>,
): EventBody[] {
  const experiment = ceilingExperiment(state.experiments[nodeId]!);
  return [verdict('repeat', 'the ceiling is measured on its code', gain), { type: 'experiment_added', experiment }];
}

/** Whether its runs, the one by which it was noticed included, are faster than the seed with cached data. */
export function isAboveHeadspace(state: EngineState, nodeId: string, noise: Noise): boolean {
  const { metric } = objectiveOfRow(state.experiments[nodeId])!;
  return isAboveIt(state, everyRunOf(state, nodeId, metric), HEADSPACE_ID, { metric, noise });
}

function isAboveIt(
  state: EngineState,
  runs: readonly number[],
  ceiling: string,
  { metric, noise }: { metric: Objective['metric']; noise: Noise },
): boolean {
  return !isDoubtedCeiling(state, ceiling) && isAboveCeiling(runs, runsOf(state, ceiling, metric), noise);
}

/** The experiment's own code with cached data. */
function ceilingExperiment(row: ExperimentRow): ExperimentIdentity {
  return {
    nodeId: `${row.nodeId}_ceiling`,
    name: `${row.name}_ceiling`,
    kind: 'headspace',
    origin: { from: 'ceiling', of: row.nodeId },
    parentId: row.nodeId,
    startCommit: 'commit' in row.state ? row.state.commit : null,
    priority: CONFIRMATION_PRIORITY,
    changeSet: [...row.changeSet, 'cache_dataloader'].sort(),
    tags: [],
  };
}
