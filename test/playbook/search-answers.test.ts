import { describe, expect, it } from 'vitest';
import type { AgentTask, AnalyzeTask, HistoryEntry, RewriteTask } from '../../agents/agent.js';
import { parseAnalysis, parsePlan, parseRewrite } from '../../agents/parse-reply.js';
import { CASES } from '../../bench/search/cases.js';
import { runSimulation, seeded } from '../../bench/search/simulated-pipeline.js';
import { BASE_COMMAND, BASE_COMMIT, surveyFor } from '../../bench/search/simulated-run.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import { failure } from '../../domain/run/failure.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { createPlaybookAgent } from '../../playbook/playbook-agent.js';
import type { PipelineRewriter } from '../../playbook/rewrite-answer.js';
import type { RewriteAction, Survey } from '../../playbook/survey.js';

const { pipeline, start } = CASES[0]!;
const EVIDENCE = runSimulation('000_baseline', pipeline, start, seeded(1));
const COMMON = {
  key: 'k',
  nodeId: null,
  source: { dir: '/tree', script: 'train.py', python: 'python3' },
  baseLaunchCommand: BASE_COMMAND,
  refusal: null,
  notes: [],
};

/** Stands in for the target's Python, which test/playbook has tests of its own for. */
function rewriterFor(survey: Survey, asked: RewriteAction[] = [], refused: string | null = null): PipelineRewriter {
  return {
    survey: async () => survey,
    rewrite: async (_source, _command, actions) => {
      asked.push(...actions);
      return refused
        ? { files: {}, done: [], refused: [{ action: actions[0]!.type, reason: refused }] }
        : { files: { 'loader.py': 'x = "```"\n' }, done: ['set a knob'], refused: [] };
    },
  };
}

async function answer(task: AgentTask, rewriter = rewriterFor(surveyFor(pipeline, start))): Promise<string> {
  return (await createPlaybookAgent({}, rewriter).answer(task, 'the prompt is not read', new AbortController().signal))
    .text;
}

function rewriteTask(phase: RewriteTask['phase'], changes: string[], more: Partial<RewriteTask> = {}): RewriteTask {
  const spec = phase === 'instrument' ? null : SpecSchema.parse({ name: 'x', changes });
  return { ...COMMON, phase, spec, failure: null, ...more };
}

describe('rewriting', () => {
  it.each<[RewriteTask['phase'], string[], RewriteAction[]]>([
    ['headspace', ['cache_dataloader'], [{ type: 'headspace' }]],
    ['apply', ['mtp'], [{ type: 'mtp' }]],
    [
      'apply',
      ['decode.concurrency=8', 'split_stage:fetch'],
      [
        { type: 'set', knob: 'code:loader.py:DECODE_WORKERS', value: 8 },
        { type: 'split_stage', stage: 'fetch' },
      ],
    ],
    ['repair', ['mtp', 'startup_retry_1'], [{ type: 'mtp' }]],
  ])('%s %j', async (phase, changes, actions) => {
    const asked: RewriteAction[] = [];
    const reply = parseRewrite(
      await answer(rewriteTask(phase, changes), rewriterFor(surveyFor(pipeline, start), asked)),
      'train.py',
    );
    expect(asked).toEqual(actions);
    expect(reply).toMatchObject({
      ok: true,
      value: { edits: [{ path: 'loader.py', content: 'x = "```"\n' }], summary: 'set a knob' },
    });
  });
  it('changes nothing in a script that reports its timing already', async () => {
    expect(parseRewrite(await answer(rewriteTask('instrument', [])), 'train.py')).toMatchObject({
      ok: true,
      value: { edits: [] },
    });
  });
  it('says what it cannot do, as a failure', async () => {
    const survey = surveyFor(pipeline, start);
    await expect(answer(rewriteTask('apply', ['faster please']))).rejects.toMatchObject({
      type: 'code_change_failed',
      message: expect.stringContaining('faster please'),
    });
    await expect(
      answer(rewriteTask('apply', ['mtp']), rewriterFor(survey, [], 'a stage is a lambda')),
    ).rejects.toMatchObject({ message: 'mtp: a stage is a lambda' });
    await expect(
      answer(rewriteTask('instrument', []), rewriterFor({ ...survey, instrumented: false }, [], 'no loop')),
    ).rejects.toMatchObject({ type: 'setup_instrumentation_failed' });
  });
  it('knows no second way when the subprocess does not start', async () => {
    const survey = surveyFor(pipeline, start);
    const moved = { ...survey, pipelines: survey.pipelines.map((each) => ({ ...each, inSubprocess: true })) };
    const died = { failure: failure('job_startup_failed', 'TypeError: cannot pickle a lock', 0), logs: '' };
    await expect(answer(rewriteTask('repair', ['mtp'], { failure: died }), rewriterFor(moved))).rejects.toMatchObject({
      message: expect.stringContaining('cannot pickle a lock'),
    });
  });
});

const analyzeTask = (more: Partial<AnalyzeTask>): AnalyzeTask => ({
  ...COMMON,
  phase: 'analyze',
  spec: SpecSchema.parse({ name: 'decode_c8', hypothesis: 'More decoding helps.' }),
  kind: 'planned',
  evidence: EVIDENCE,
  logs: '',
  baseline: EVIDENCE.metrics,
  headspace: { ...EVIDENCE.metrics, throughput_samples_per_s: EVIDENCE.metrics.throughput_samples_per_s! * 3 },
  best: { nodeId: '000_baseline', metrics: EVIDENCE.metrics },
  start: { nodeId: '000_baseline', metrics: EVIDENCE.metrics },
  ...more,
});

describe('analysis', () => {
  it('names the bottleneck, judges the hypothesis with figures, and copies the measured numbers', async () => {
    const faster = {
      ...EVIDENCE,
      metrics: { ...EVIDENCE.metrics, throughput_samples_per_s: EVIDENCE.metrics.throughput_samples_per_s! * 1.5 },
    };
    const text = await answer(analyzeTask({ evidence: faster }));
    const reply = parseAnalysis(text);
    expect(text).toMatch(
      /This run is faster, as the hypothesis says; one run confirms nothing yet: .* samples\/s, \+50\.0% against the baseline and \+50\.0% against the best so far \(000_baseline\)/,
    );
    expect(text).toContain('| fetch | 2 |');
    expect(text).toContain('2.00 times as fast as in this run');
    expect(reply).toMatchObject({
      ok: true,
      value: {
        metrics: {
          throughput_samples_per_s: faster.metrics.throughput_samples_per_s,
          bottleneck_stage: 'fetch',
          improvement_vs_baseline_pct: 50,
          is_best_so_far: true,
        },
      },
    });
  });
  it('says when a change made no difference or harm', async () => {
    expect(await answer(analyzeTask({}))).toContain('no difference that can be told from noise');
    const slower = {
      ...EVIDENCE,
      metrics: { ...EVIDENCE.metrics, throughput_samples_per_s: EVIDENCE.metrics.throughput_samples_per_s! * 0.5 },
    };
    expect(await answer(analyzeTask({ evidence: slower }))).toContain('The hypothesis does not hold');
  });
  it('holds the hypothesis against what the change was made on, also where that is not the best so far', async () => {
    const at = (nodeId: string, factor: number) => {
      const throughput_samples_per_s = EVIDENCE.metrics.throughput_samples_per_s! * factor;
      return { nodeId, metrics: { ...EVIDENCE.metrics, throughput_samples_per_s } };
    };
    const evidence = { ...EVIDENCE, metrics: at('', 3).metrics };
    const told = await answer(analyzeTask({ evidence, start: at('001_mtp', 1.5), best: at('002_wide', 4) }));
    expect(told).toMatch(
      /This run is faster, as the hypothesis says; .*, \+200\.0% against the baseline, \+100\.0% against 001_mtp, which it builds on and -25\.0% against the best so far \(002_wide\)\./,
    );
    expect(told).not.toContain('does not hold');
  });
  it('doubts a headspace run that still waits for data', async () => {
    expect(await answer(analyzeTask({ kind: 'headspace' }))).toContain('still waited for data');
  });
  it('answers where nothing was measured', async () => {
    const nothing = {
      ...EVIDENCE,
      metrics: { ...EVIDENCE.metrics, throughput_samples_per_s: null, steady_step_time_ms: null },
      stages: [],
    };
    expect(
      parseAnalysis(
        await answer(analyzeTask({ evidence: nothing, baseline: null, headspace: null, best: null, start: null })),
      ).ok,
    ).toBe(true);
  });
});

const HISTORY: HistoryEntry[] = [
  { nodeId: '000_baseline', kind: 'baseline', factor: 1, goto: null, changes: [] as string[], commit: BASE_COMMIT },
  {
    nodeId: '002_a',
    kind: 'planned',
    factor: 1.5,
    goto: null,
    changes: ['decode.concurrency=4'],
    commit: 'a'.repeat(40),
  },
  {
    nodeId: '003_b',
    kind: 'planned',
    factor: 2,
    goto: 'a'.repeat(40),
    changes: ['decode.concurrency=8'],
    commit: 'b2'.repeat(20),
  },
  {
    nodeId: '004_c',
    kind: 'planned',
    factor: 1.6,
    goto: 'b2'.repeat(20),
    changes: ['fetch.concurrency=1'],
    commit: 'c'.repeat(40),
  },
].map(({ nodeId, kind, factor, goto, changes, commit }, i, all) => ({
  nodeId,
  kind: kind as HistoryEntry['kind'],
  status: 'completed',
  spec: SpecSchema.parse({ name: nodeId, changes, goto, change_summary: changes.join() }),
  commit,
  parentId: all[i - 1]?.nodeId ?? null,
  result: { metrics: { ...EVIDENCE.metrics, throughput_samples_per_s: 100 * factor }, sources: {}, findings: [] },
  failure: null,
  isBest: nodeId === '003_b',
  durationS: null,
}));

describe('plan and report', () => {
  it('plans in the engine’s format', async () => {
    const text = await answer({
      ...COMMON,
      phase: 'plan',
      iteration: 1,
      limits: DEFAULT_LIMITS,
      history: HISTORY.slice(0, 1),
      evidence: { '000_baseline': EVIDENCE },
      baseCommit: BASE_COMMIT,
      bestNodeId: '000_baseline',
      memory: { dimensions: [], combinations: [] },
      practices: { known: ['mtp', 'batch_size_tuning', 'concurrency_tuning'], tried: [], notApplicable: [] },
      plateauCount: 0,
    });
    const plan = parsePlan(text);
    expect(plan).toMatchObject({ ok: true, value: { action: 'launch' } });
    if (plan.ok) expect(plan.value.experiments.length).toBeGreaterThanOrEqual(2);
  });
  it('reports gains against what each experiment built on, and how to apply the winner', async () => {
    const text = await answer({ ...COMMON, phase: 'report', history: HISTORY, analyses: {}, bestNodeId: '003_b' });
    expect(text).toContain('The best is **003_b**: 200.0 samples/s, 2.00 times the baseline');
    expect(text).toMatch(/## What worked\n\n- \*\*003_b\*\*.*\+33\.3% against 002_a/);
    expect(text).toMatch(/## What did not\n\n- \*\*004_c\*\*.*-20\.0% against 003_b/);
    expect(text).toContain('Changes: `decode.concurrency=8`.');
  });
});
