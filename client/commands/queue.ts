/** `queue`: experiments that have not started, in the order in which they will run. */
import { type ExperimentView, queueView } from '../../domain/protocol/views.js';
import type { CommandDefinition } from '../command-definition.js';
import { columns } from '../output/columns.js';
import { printed } from '../output/printed.js';

export const QUEUE: CommandDefinition = {
  name: 'queue',
  args: '<workdir>',
  help: 'experiments that have not started, in the order in which they will run',
  async act([path = '']) {
    const [{ existingRun }, { readState }] = await Promise.all([
      import('../run/workdir-config.js'),
      import('../run/run-state.js'),
    ]);
    const { workdir } = await existingRun(path);
    const state = await readState(workdir);
    return printed(state === null ? [] : queueView(state), queueText);
  },
};

function queueText(queued: readonly ExperimentView[]): string {
  if (queued.length === 0) return 'nothing is queued';
  const rows = queued.map((each, index) => [
    String(index + 1),
    each.node_id,
    String(each.priority),
    each.asked === undefined ? each.status : 'waits for your approval',
    each.kind,
    each.why ?? '',
  ]);
  return columns(['', 'node', 'priority', 'status', 'kind', 'why'], rows);
}
