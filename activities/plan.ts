/**
 * One planning round: asks the agent, holds its proposals against the rules, and keeps the accepted ones in the
 * workdir.
 */

import type { PlanTask } from '../agents/agent.js';
import { type Parsed, parsePlan } from '../agents/parse-reply.js';
import { evidenceFor, historyOf, specsOf } from '../agents/run-history.js';
import type { Spec } from '../domain/formats/spec.js';
import { judgePlan, type PlanJudgement } from '../domain/proposals/judge-plan.js';
import { memoryOf } from '../domain/proposals/tried-experiments.js';
import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { plateauCount } from '../domain/schedule/planning.js';
import type { SourceControl } from '../source/control/source-control.js';
import { withSource } from '../source/experiment-source.js';
import type { RunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';
import { writePlan } from '../workdir/spec-store.js';
import type { Ask } from './agent-calls/ask.js';

/** More is no plan; each one's reason would travel to the engine. */
const EXPERIMENTS_LIMIT = 100;

export function makePlan(deps: {
  context: RunContext;
  sourceControl: SourceControl;
  runLog: RunLog;
  ask: Ask;
}): Activities['plan'] {
  const { context, sourceControl, runLog, ask } = deps;
  const { workdir, config } = context;
  // Specifications never change: a round reads those of the experiments that came since the last one.
  const known = new WeakMap<RunRecord, Map<string, Spec>>();
  return async (input) => {
    const startedAtMs = Date.now();
    const record = await recordOf(input);
    const { state } = record;
    const specs = await specsOf(workdir, config, record, known.get(record));
    known.set(record, specs);
    const history = historyOf(record, specs);
    const best = history.find((entry) => entry.isBest);
    const commit = best?.commit ?? state.baseCommit ?? '';
    const commands = new Map([...specs].map(([nodeId, spec]) => [nodeId, spec.launch_command]));
    const rules = {
      state,
      baseCommand: config.base_launch_command,
      commands,
      gpuCount: null,
      allowCommands: config.allow_agent_commands,
    };

    return await withSource({ config, sourceControl }, `plan_${input.iteration}`, commit, async (source) => {
      const task: PlanTask = {
        phase: 'plan',
        key: `plan_${String(input.iteration).padStart(3, '0')}`,
        nodeId: null,
        source,
        baseLaunchCommand: config.base_launch_command,
        refusal: null,
        notes: [config.notes, ...state.notes].filter((note) => note !== ''),
        iteration: input.iteration,
        limits: state.limits,
        history,
        evidence: await evidenceFor(workdir, record),
        baseCommit: state.baseCommit ?? '',
        bestNodeId: state.best,
        memory: memoryOf(state, config.base_launch_command),
        practices: {
          known: state.practicesKnown,
          tried: state.practicesTried,
          notApplicable: state.practicesNotApplicable,
        },
        plateauCount: plateauCount(state),
      };
      let refusedAll: PlanJudgement | null = null;
      const read = (text: string): Parsed<PlanJudgement & { specs: Spec[] }> => {
        const reply = parsePlan(text);
        if (!reply.ok) return reply;
        const { length } = reply.value.experiments;
        if (length > EXPERIMENTS_LIMIT)
          return { ok: false, reason: `the plan has ${length} experiments; at most ${EXPERIMENTS_LIMIT} are read` };
        const result = judgePlan(reply.value, rules);
        const isEmpty = reply.value.action === 'launch' && result.proposals.length === 0 && result.refused.length > 0;
        if (!isEmpty || refusedAll) return { ok: true, value: { ...result, specs: reply.value.experiments } };
        refusedAll = result;
        return { ok: false, reason: result.refused.map(({ name, reason }) => `${name}: ${reason}`).join('\n') };
      };
      const { value, spent } = await ask({ task, read, failure: 'planning_failed' });
      const { specs: proposed, ...result } = value;
      await writePlan(workdir, input.iteration, proposed);
      return { ...result, tookMs: Date.now() - startedAtMs, spent };
    });
  };

  /**
   * As its engine sees it: one that was reset asks again, and the log may say already what came of the round before
   * that.
   */
  async function recordOf({ iteration, throughSeq }: { iteration: number; throughSeq: number }): Promise<RunRecord> {
    const isPlanned = ({ state }: RunRecord) => iteration === state.iteration && state.planningSince !== null;
    const newest = await runLog.record();
    if (newest.state.seq < throughSeq)
      throw new RangeError(`the event log ends at ${newest.state.seq}, before ${throughSeq}`);
    if (isPlanned(newest)) return newest;
    const asked = await runLog.recordThrough(throughSeq);
    if (isPlanned(asked)) return asked;
    return raise('policy_refused', `the engine is not planning round ${JSON.stringify(iteration)}`);
  }
}
