/** The run in a few lines of Markdown, for the Temporal UI's "current details". */

import { speedup } from '../belief/compare.js';
import { type StatusView, statusView } from '../protocol/views.js';
import type { EngineState } from './engine-state.js';
import { ofLimitText } from './limits.js';

/** Never throws: in a workflow every try would do so again, and what is only shown must not hold up a run. */
export function describeRun(state: EngineState): string {
  try {
    return described(state);
  } catch (error) {
    return `the run goes on, but cannot be described here (${String(error)})`;
  }
}

function described(state: EngineState): string {
  const view = statusView(state);
  const { counts, limits } = view;
  const lines = [
    `**${view.status}**${view.stop ? ` (${view.stop.reason}: ${view.stop.detail})` : ''}, planning round ${ofLimitText(view.iteration, limits.max_iterations)}`,
    `queued ${counts.queued}, preparing ${counts.preparing}, running ${ofLimitText(counts.running, limits.max_concurrency)}, completed ${counts.completed}, failed ${counts.failed}, pruned ${counts.pruned}, duplicates ${counts.duplicates}, cancelled ${counts.cancelled}`,
  ];
  if (view.best?.objective) {
    const factor = factorText(view);
    const best = view.best.verdict === 'provisional' ? 'provisional best' : 'best';
    lines.push(`${best}: \`${view.best.node_id}\` ${view.best.objective.metric} ${view.best.objective.value}${factor}`);
  }
  return lines.join('\n\n');
}

/** The gain as far as it is proven, else as single runs show it. */
function factorText({ best, baseline, gain }: StatusView): string {
  const times = gain ? 1 + gain.gain : speedup(best?.objective ?? null, baseline?.objective ?? null);
  if (times === null) return '';
  const interval = gain ? `, between ${(1 + gain.low).toFixed(2)} and ${(1 + gain.high).toFixed(2)}` : '';
  return ` (${times.toFixed(2)} times the baseline${interval})`;
}
