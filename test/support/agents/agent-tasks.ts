/**
 * Tasks about the knobs project, as the activities would make them, and one call of an agent outside of any activity.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentTask, AnalyzeTask, CodingAgent, PlanTask, ReportTask, RewriteTask } from '../../../agents/agent.js';
import type { AgentHooks } from '../../../agents/agent-process.js';
import { promptText } from '../../../agents/prompts/prompt-parts.js';
import { promptParts } from '../../../agents/prompts/task-prompt.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { ConfigSchema, type RunConfig } from '../../../domain/formats/config.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { DEFAULT_LIMITS } from '../../../domain/run/limits.js';
import { packageFile } from '../../../host/package-files.js';
import { removeFolder } from '../remove-folder.js';

const SOURCE_DIR = packageFile('test', 'fixtures', 'projects', 'knobs');

export function agentConfig(more: Partial<RunConfig> = {}): RunConfig {
  return ConfigSchema.parse({
    pipeline_script: `${SOURCE_DIR}/train.py`,
    source_dir: SOURCE_DIR,
    base_launch_command: 'python train.py',
    ...more,
  });
}

const COMMON = {
  nodeId: null,
  source: { dir: SOURCE_DIR, script: 'train.py', python: 'python3' },
  baseLaunchCommand: 'python train.py',
  refusal: null,
  notes: [],
};

export const APPLY: RewriteTask = {
  ...COMMON,
  phase: 'apply',
  key: 'apply_002_c4_b32',
  nodeId: '002_c4_b32',
  spec: SpecSchema.parse({ name: 'c4_b32', description: 'In the script set concurrency 4, batch size 32' }),
  failure: null,
};

export const PLAN: PlanTask = {
  ...COMMON,
  phase: 'plan',
  key: 'plan_001',
  iteration: 1,
  limits: DEFAULT_LIMITS,
  history: [],
  evidence: {},
  baseCommit: 'base',
  bestNodeId: null,
  memory: { dimensions: [], combinations: [] },
  practices: { known: [], tried: [], notApplicable: [] },
  plateauCount: 0,
};

export const ANALYZE: AnalyzeTask = {
  ...COMMON,
  phase: 'analyze',
  key: 'analyze_000_baseline',
  nodeId: '000_baseline',
  spec: SpecSchema.parse({ name: 'baseline' }),
  kind: 'baseline',
  evidence: {
    nodeId: '000_baseline',
    metrics: UNKNOWN_METRICS,
    sources: {},
    steps: { count: 0, stepMs: null, fetchMs: null, computeMs: null, batchSize: null },
    stages: [],
    system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
    findings: [],
  },
  logs: '',
  baseline: null,
  headspace: null,
  best: null,
  start: null,
};

export const REPORT: ReportTask = {
  ...COMMON,
  phase: 'report',
  key: 'report_1',
  history: [],
  analyses: {},
  bestNodeId: null,
};

/** Makes the agent anew for each request, as the engine does, with a reply file of its own. */
export function agentWith(create: (hooks: AgentHooks) => CodingAgent): CodingAgent {
  const answer: CodingAgent['answer'] = async (...call) => {
    const folder = await mkdtemp(join(tmpdir(), 'autoresearch-reply-'));
    try {
      return await create({ onStart: async () => undefined, replyFile: join(folder, 'reply') }).answer(...call);
    } finally {
      await removeFolder(folder);
    }
  };
  return { name: 'fresh', answer };
}

export async function askAgent(agent: CodingAgent, task: AgentTask, signal = new AbortController().signal) {
  const parts = await promptParts(task);
  return await agent.answer(task, promptText(parts), signal, parts);
}

/** What the call threw; an Error when it threw nothing. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => new Error('the call did not fail'),
    (error: unknown) => error,
  );
}
