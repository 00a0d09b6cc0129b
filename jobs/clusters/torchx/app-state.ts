/** torchx's AppState in ours. The state of an app is that of all its roles and replicas. */
import type { SchedulerState } from '../scheduler.js';

/** What schedulers call an end that torchx only calls failed. */
const CAUSES: readonly [RegExp, Extract<SchedulerState, { state: 'ended' }>['cause']][] = [
  [/out.?of.?memory|oom.?killed/i, 'out_of_memory'],
  [/preempt|evict/i, 'preempted'],
  [/node.?fail|host.?lost/i, 'node_failed'],
  [/^timeout\b|time limit|deadline.?exceeded/i, 'timeout'],
];

/** `said`: the app's message, its structured error and the replicas that failed, as far as its scheduler tells. */
export function appState({ state, said }: { state: string; said: string }): SchedulerState {
  const words = said === '' ? {} : { said };
  switch (state) {
    case 'RUNNING':
      return { state: 'running' };
    case 'SUCCEEDED':
      return { state: 'ended', cause: 'exit', returnCode: 0, ...words };
    case 'CANCELLED':
      return { state: 'ended', cause: 'cancelled', returnCode: null, ...words };
    case 'FAILED': {
      const cause = CAUSES.find(([pattern]) => pattern.test(said))?.[1] ?? 'exit';
      return { state: 'ended', cause, returnCode: cause === 'exit' ? codeIn(said) : null, ...words };
    }
    default:
      return { state: 'pending', reason: said || `torchx says ${state.toLowerCase()}` };
  }
}

/** torchx has no field for it; what its schedulers and launchers write mostly names it. */
function codeIn(said: string): number {
  const code = Number(/exit ?code\D{0,3}(-?\d+)/i.exec(said)?.[1] ?? 1);
  return code === 0 ? 1 : code;
}
