/** `status --watch`: the status at each change, until the run has ended and no engine serves it. */
import { untilChange } from '../../host/file-change.js';
import type { StalledWork } from '../output/stalled-text.js';
import { LiveState } from '../run/run-state.js';
import { existingRun } from '../run/workdir-config.js';
import { LOOK_MS, stalledNow } from '../stalled/stalled-watch.js';
import { type StatusAnswer, statusOf } from './status.js';

export async function* watchStatus(path: string): AsyncGenerator<StatusAnswer> {
  const { workdir, config } = await existingRun(path);
  const live = new LiveState(workdir, config);
  const never = new AbortController().signal;
  let last = '';
  let stalled: StalledWork[] = [];
  let lookedAtMs = 0;
  for (;;) {
    await live.catchUp();
    const state = live.state.seq === 0 ? null : live.state;
    if (Date.now() - lookedAtMs > LOOK_MS) {
      stalled = await stalledNow(workdir, config.run_id, state);
      lookedAtMs = Date.now();
    }
    const answer = await statusOf(workdir, config, state, stalled);
    const said = JSON.stringify(answer);
    if (said !== last) yield answer;
    last = said;
    const hasEnded = live.state.status === 'stopped' || live.state.status === 'interrupted';
    if (hasEnded && answer.engine === null) return;
    await untilChange(workdir.events, never);
  }
}
