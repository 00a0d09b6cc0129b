/**
 * What a changing tool needs of a run, and how it is told, before a person is asked for a yes: nobody agrees to what
 * cannot be done.
 */

import { askedProblem, nodeProblem } from '../../domain/protocol/steering-messages.js';
import { withoutNode } from '../../domain/run/engine-state.js';
import { LIMITS, type LimitName } from '../../domain/run/limits.js';
import { notRunning, Refusal } from '../output/refusal.js';
import { rowNamed } from '../run/named-node.js';
import { engineLife, runAsLogged } from '../run/run-state.js';

/** A Refusal where no engine is there to be told anything. */
export async function engineWorks(path: string): Promise<void> {
  const { workdir, state } = await runAsLogged(path);
  if ((await engineLife(workdir)) !== null) return;
  throw notRunning(workdir.root, state.stop ? `: its run has ended (${state.stop.reason})` : '');
}

/** Of an experiment that is queued, open or waits for an approval; a Refusal says why it is no such one. */
export function nodeIs(where: 'queued' | 'open' | 'asked') {
  return async (path: string, { node }: { node: string }): Promise<void> => {
    const { state } = await runAsLogged(path);
    const message = { node_id: rowNamed(state, node)?.nodeId ?? node };
    const problem = where === 'asked' ? askedProblem(state, message) : nodeProblem(state, message, where);
    if (problem !== null) throw new Refusal('node', node, withoutNode(problem));
    await engineWorks(path);
  };
}

/** "budget usd 10 (US dollars for the agent's calls)". */
export function limitsText(limits: Readonly<Record<string, unknown>>): string {
  return Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const [what] = LIMITS[name as LimitName].help.split(/[;,]/);
      return `${name.replaceAll('_', ' ')} ${value ?? 'none'} (${what})`;
    })
    .join(', ');
}

export const STOPS = {
  after_running: 'after the running experiments have ended',
  now_jobs_go_on: 'now; its jobs go on, and the run can be gone on with',
  kill_jobs: 'now, and its running jobs are killed',
} as const;
