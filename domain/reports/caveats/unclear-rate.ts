/** What a reader must know of throughputs of which nobody knows whether they are the job's or one rank's. */
import type { EngineState } from '../../run/engine-state.js';

/** Null where each says whose it is. */
export function unclearRateText({ best, experiments }: EngineState): string | null {
  const measured = Object.values(experiments).filter((row) => row.state.status === 'completed');
  const unclear = measured.flatMap(({ nodeId, state: now }) =>
    now.status === 'completed' && now.unclearRate !== undefined ? [{ nodeId, why: now.unclearRate }] : [],
  );
  const shown = unclear.find(({ nodeId }) => nodeId === best) ?? unclear[0];
  if (shown === undefined) return null;
  return `The throughput may be that of one rank alone, in ${unclear.length} of ${measured.length} measured jobs (${shown.nodeId}: ${shown.why}).`;
}

/** Stands before anything else where it is so. */
export function unclearRateLines(state: EngineState): string[] {
  const text = unclearRateText(state);
  return text === null ? [] : [`**${text}**`, ''];
}
