/** `status --watch`: the status at each change, until the run has ended and no engine serves it. */
import { untilChange } from '../../activities/file-change.js';
import { LiveState } from '../run-state.js';
import { existingRun } from '../workdir-config.js';
import { type StatusAnswer, statusOf } from './status.js';

export async function* watchStatus(path: string): AsyncGenerator<StatusAnswer> {
  const { workdir, config } = await existingRun(path);
  const live = new LiveState(workdir, config);
  const never = new AbortController().signal;
  let last = '';
  for (;;) {
    await live.catchUp();
    const answer = await statusOf(workdir, config, live.state.seq === 0 ? null : live.state);
    const said = JSON.stringify(answer);
    if (said !== last) yield answer;
    last = said;
    const hasEnded = live.state.status === 'stopped' || live.state.status === 'interrupted';
    if (hasEnded && answer.engine === null) return;
    await untilChange(workdir.events, never);
  }
}
