/** A miniature engine: what a worker's wiring needs from the real one, under the same names. */
import { condition, defineQuery, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '../../domain/protocol/activities.js';
import { type EngineInput, statusQuery, stopSignal } from '../../domain/protocol/messages.js';

const { drawCharts, exportWorkdir } = proxyActivities<Pick<Activities, 'drawCharts' | 'exportWorkdir'>>({
  startToCloseTimeout: 60_000,
  heartbeatTimeout: 10_000,
});

/** Only the status matters to who asks here. */
const shortStatusQuery = defineQuery<{ status: string }>(statusQuery.name);
export const finishSignal = defineSignal('finish');

/** Writes itself, waits for `finish`; `stop` makes it interrupted, which it writes too. Returns its run. */
export async function engineWorkflow({ run }: EngineInput): Promise<string> {
  let status: 'running' | 'interrupted' = 'running';
  let finished = false;
  setHandler(stopSignal, () => {
    status = 'interrupted';
  });
  setHandler(finishSignal, () => {
    finished = true;
  });
  setHandler(shortStatusQuery, () => ({ status }));
  await drawCharts({ run });
  await condition(() => finished || status === 'interrupted');
  await exportWorkdir({ run, events: [] });
  await condition(() => finished);
  return run;
}
