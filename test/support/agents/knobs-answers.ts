/**
 * What a model would answer about test/fixtures/projects/knobs, by a script: the same as
 * test/fixtures/agents/scripted-claude.py, as JSON where a request asks for structured output and as fenced blocks
 * where it does not.
 */
import type { AgentTask } from '../../../agents/agent.js';
import { loadTemplate } from '../../../agents/prompts/render.js';
import { fencedBlocks } from '../../../agents/reply-text.js';
import type { MessagesRequest } from './messages-request.js';

type Phase = AgentTask['phase'];

const PHASES: Phase[] = ['instrument', 'headspace', 'apply', 'repair', 'analyze', 'plan', 'report'];

/** By the heading of the prompt's template, up to its first variable. */
export function phaseOf(prompt: string): Phase {
  const found = PHASES.find((phase) => {
    const heading = loadTemplate(phase)
      .body.split('\n')
      .find((line) => line.startsWith('# '))!;
    return prompt.split('\n').some((line) => line.startsWith(heading.split('{{')[0]!));
  });
  if (found === undefined) throw new Error(`no phase has this prompt: ${prompt.slice(0, 200)}`);
  return found;
}

/** Concurrency and batch size, in the order in which they are proposed. */
const GRID = [16, 32, 64, 128].flatMap((batch) => [2, 3, 4, 6, 12, 16].map((concurrency) => ({ concurrency, batch })));

export function knobsAnswer(planSize = 2): (prompt: string, request: Pick<MessagesRequest, 'output_config'>) => string {
  return (prompt, request) => {
    const phase = phaseOf(prompt);
    if (phase === 'report') return '# Final report\n\nAll went well.\n';
    const value = valueFor(phase, prompt, planSize);
    const json = JSON.stringify(value);
    return request.output_config?.format ? json : `Here it is.\n\n\`\`\`json\n${json}\n\`\`\`\n`;
  };
}

function valueFor(phase: Phase, prompt: string, planSize: number): object {
  switch (phase) {
    case 'analyze':
      return ANALYSIS;
    case 'plan':
      return plan(prompt, planSize);
    case 'instrument':
      return rewrite(prompt, {});
    case 'headspace':
      return rewrite(prompt, { CACHED: 'True' });
    default: {
      const [, concurrency, batch] = /set concurrency (\d+), batch size (\d+)/.exec(prompt) ?? [];
      return concurrency && batch
        ? rewrite(prompt, { CONCURRENCY: concurrency, BATCH_SIZE: batch })
        : rewrite(prompt, {}, '# mtp\n');
    }
  }
}

function rewrite(prompt: string, constants: Record<string, string>, more = ''): object {
  const [, script] = /^## The script: (.+)$/m.exec(prompt) ?? [];
  let content = `${fencedBlocks(prompt, 'python').at(-1)}\n`;
  for (const [name, value] of Object.entries(constants)) {
    content = content.replace(new RegExp(`^${name} = .*$`, 'm'), `${name} = ${value}`);
  }
  return { summary: 'set the constants', edits: [{ path: script, content: content + more }] };
}

function plan(prompt: string, size: number): object {
  const launch_command = /\*\*Base launch command\*\*: `(.*)`/.exec(prompt)![1];
  const round = Number(/\(round (\d+)\)/.exec(prompt)![1]);
  const experiments = GRID.slice((round - 1) * size, round * size).map(({ concurrency, batch }) => ({
    name: `c${concurrency}_b${batch}`,
    changes: [`concurrency=${concurrency}`, `batch_size=${batch}`],
    change_summary: `c=${concurrency} b=${batch}`,
    description: `In the script set concurrency ${concurrency}, batch size ${batch}`,
    hypothesis: 'less contention',
    launch_command,
    goto: null,
    best_practices_tags: ['batch_size_tuning', 'concurrency_tuning'],
    priority: null,
  }));
  const action = experiments.length > 0 ? 'launch' : 'stop';
  return { reasoning: 'next on the list', action, experiments, not_applicable: [] };
}

const METRICS = {
  step_time_ms: null,
  steady_step_time_ms: null,
  throughput_samples_per_s: null,
  ttfb_s: null,
  sm_utilization_pct: null,
  steady_sm_utilization_pct: null,
  cpu_utilization_pct: null,
  data_readiness_pct: null,
  init_time_s: null,
  improvement_vs_baseline_pct: null,
  bottleneck_stage: 'decode',
  is_best_so_far: null,
  notes: '',
};

export const ANALYSIS = { analysis: 'Decode bounds it.', metrics: METRICS, findings: ['decode bounds it'] };
