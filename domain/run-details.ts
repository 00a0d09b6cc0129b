/** The run in a few lines of Markdown, for the Temporal UI's "current details". */
import type { EngineState } from './engine-state.js';
import { speedup } from './policies/compare.js';
import { statusView } from './views.js';

export function describeRun(state: EngineState): string {
  const view = statusView(state);
  const { counts, limits } = view;
  const lines = [
    `**${view.status}**${view.stop ? ` (${view.stop.reason}: ${view.stop.detail})` : ''}, planning round ${view.iteration} of ${limits.max_iterations}`,
    `queued ${counts.queued}, preparing ${counts.preparing}, running ${counts.running} of ${limits.max_concurrency}, completed ${counts.completed}, failed ${counts.failed}, cancelled ${counts.cancelled}`,
  ];
  if (view.best?.objective) {
    const gain = speedup(view.best.objective, view.baseline?.objective ?? null);
    const factor = gain === null ? '' : ` (${gain.toFixed(2)} times the baseline)`;
    lines.push(`best: \`${view.best.node_id}\` ${view.best.objective.metric} ${view.best.objective.value}${factor}`);
  }
  return lines.join('\n\n');
}
