/**
 * One planning round: asks the agent, holds its proposals against the rules, and keeps the accepted ones in the
 * workdir.
 */

import type { PlanTask } from '../agents/agent.js';
import { type Parsed, parsePlan } from '../agents/parse-reply.js';
import { evidenceFor, historyOf, specsOf } from '../agents/run-history.js';
import { type KnownPoints, pointsFor } from '../agents/run-points.js';
import type { Spec } from '../domain/formats/spec.js';
import { leftOutPractices } from '../domain/proposals/best-practices.js';
import { judgePlan, type PlanJudgement } from '../domain/proposals/judge-plan.js';
import { memoryOf } from '../domain/proposals/tried-experiments.js';
import { effectProblem } from '../domain/proposals/work-effect.js';
import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { doubtedParts } from '../domain/reports/winner/winner-parts.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { BASELINE_ID } from '../domain/run/experiment-record.js';
import { plateauCount } from '../domain/schedule/planning.js';
import { effectOfPlan } from '../playbook/effect-of-plan.js';
import { freeChanges, offeredMoves, writtenOut } from '../playbook/named-moves.js';
import { survey as surveyOf } from '../playbook/run-python.js';
import type { Survey } from '../playbook/survey.js';
import type { SourceControl } from '../source/control/source-control.js';
import { type SourceView, withSource } from '../source/experiment-source.js';
import type { RunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';
import { writePlan } from '../workdir/spec-store.js';
import type { Ask } from './agent-calls/ask.js';
import { planKey } from './agent-calls/round-keys.js';

function knobText({ id, value }: Survey['knobs'][number]): string {
  return `${id} = ${value}`;
}

function doubtedIn(state: EngineState): Pick<PlanTask, 'doubted'> {
  const doubted = doubtedParts(state).map(({ nodeId, onto, text }) => ({ nodeId, onto, text }));
  return doubted.length === 0 ? {} : { doubted };
}

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
  const knownPoints: KnownPoints = new Map();
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
      const survey = await surveyed(source);
      const evidence = await evidenceFor(workdir, record);
      const task: PlanTask = {
        phase: 'plan',
        key: planKey(input.iteration),
        nodeId: null,
        source,
        baseLaunchCommand: config.base_launch_command,
        refusal: null,
        notes: [config.notes, ...state.notes].filter((note) => note !== ''),
        iteration: input.iteration,
        limits: state.limits,
        history,
        evidence,
        points: await pointsFor(workdir, record, knownPoints),
        baseCommit: state.baseCommit ?? '',
        bestNodeId: state.best,
        memory: memoryOf(state, config.base_launch_command),
        practices: {
          known: state.practicesKnown,
          tried: state.practicesTried,
          notApplicable: [...new Set([...state.practicesNotApplicable, ...leftOutPractices(state)])],
        },
        plateauCount: plateauCount(state),
        ...doubtedIn(state),
        allow: config.allow,
        ...(survey === null ? {} : { moves: offeredMoves(survey, evidence), knobs: survey.knobs.map(knobText) }),
      };
      let refusedAll: PlanJudgement | null = null;
      const read = (text: string): Parsed<PlanJudgement & { specs: Spec[] }> => {
        const reply = parsePlan(text);
        if (!reply.ok) return reply;
        const { length } = reply.value.experiments;
        if (length > EXPERIMENTS_LIMIT)
          return { ok: false, reason: `the plan has ${length} experiments; at most ${EXPERIMENTS_LIMIT} are read` };
        const { specs: written, problems } = withMoves(reply.value.experiments, survey, commit, state.baseCommit);
        const ofWork = { survey, history, baseline: evidence[BASELINE_ID] };
        const specs = written.map((spec, index) => withEffect(spec, index, ofWork, problems));
        const result = judgePlan({ ...reply.value, experiments: specs }, rules, problems);
        const isEmpty = reply.value.action === 'launch' && result.proposals.length === 0 && result.refused.length > 0;
        if (!isEmpty || refusedAll) return { ok: true, value: { ...result, specs } };
        refusedAll = result;
        return { ok: false, reason: result.refused.map(({ name, reason }) => `${name}: ${reason}`).join('\n') };
      };
      const { value, spent } = await ask({ task, read, failure: 'planning_failed' });
      const { specs: proposed, ...result } = value;
      await writePlan(workdir, input.iteration, proposed);
      const proposals = result.proposals.map((each) =>
        isByCode(proposed[each.index]!) ? { ...each, byCode: true as const } : each,
      );
      return { ...result, proposals, tookMs: Date.now() - startedAtMs, spent };
    });
  };

  /** Whether no agent has to write anything of it, and it leaves the work of a job alone. */
  function isByCode(spec: Spec): boolean {
    if (spec.work !== undefined && spec.work !== 'same_work') return false;
    return config.agent === 'playbook' || freeChanges(spec).length === 0;
  }

  /** Null for the playbook, which looks itself, and where the code cannot be read: then no moves are offered. */
  async function surveyed(source: SourceView): Promise<Survey | null> {
    if (config.agent === 'playbook') return null;
    return await surveyOf(source, config.base_launch_command, true).catch((error: unknown) => {
      context.log(`no moves are offered: ${(error as Error).message.split('\n')[0]}`);
      return null;
    });
  }

  /** The plan's specifications with their moves among the changes; by index, why those of some cannot be made. */
  function withMoves(experiments: readonly Spec[], survey: Survey | null, commit: string, baseCommit: string | null) {
    const problems = new Map<number, string>();
    const specs = experiments.map((spec, index) => {
      if (spec.moves === undefined || spec.moves.length === 0) return spec;
      if (survey === null) {
        problems.set(index, 'the code could not be read, so no move can be made: name the changes instead');
        return spec;
      }
      const start = spec.goto ?? baseCommit ?? '';
      const isOfStart = start !== '' && commit.startsWith(start);
      const written = writtenOut(spec, { survey, isOfStart, baseLaunchCommand: config.base_launch_command });
      if (written.ok) return written.spec;
      problems.set(index, written.reason);
      return spec;
    });
    return { specs, problems };
  }

  /** What it does to the work stands in it, and among the problems where such is not allowed. */
  function withEffect(
    spec: Spec,
    index: number,
    known: Parameters<typeof effectOfPlan>[2],
    problems: Map<number, string>,
  ): Spec {
    // The playbook turns only what it knows to tune the pipeline.
    if (config.agent === 'playbook') return spec;
    const effect = effectOfPlan(spec, config.base_launch_command, known);
    const problem = effectProblem(effect, config);
    if (problem !== null && !problems.has(index)) problems.set(index, problem);
    return effect.work === 'same_work' ? spec : { ...spec, work: effect.work };
  }

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
