/**
 * What a model would answer about examples/images: code changes as the playbook makes them from the code in the prompt,
 * and a plan that a person could have written. For requests with structured output and without.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RewriteTask } from '../../../agents/agent.js';
import { fencedBlocks, jsonInReply } from '../../../agents/reply-text.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { packageFile } from '../../../host/package-files.js';
import { createPlaybookAgent } from '../../../playbook/playbook-agent.js';
import { removeFolder } from '../remove-folder.js';
import { ANALYSIS, phaseOf } from './knobs-answers.js';
import type { MessagesRequest } from './messages-request.js';

const SCRIPT = 'train.py';

export async function exampleAnswer(prompt: string, request: Pick<MessagesRequest, 'output_config'>): Promise<string> {
  const phase = phaseOf(prompt);
  if (phase === 'report') return '# Final report\n\nSplitting fetch and decode is what helps.\n';
  const value = phase === 'analyze' ? ANALYSIS : phase === 'plan' ? plan(prompt) : await rewrite(phase, prompt);
  const json = JSON.stringify(value);
  return request.output_config?.format ? json : `\`\`\`json\n${json}\n\`\`\`\n`;
}

async function rewrite(phase: RewriteTask['phase'], prompt: string): Promise<unknown> {
  const [, changes = ''] = /^\*\*Changes\*\*: (.*)$/m.exec(prompt) ?? [];
  const dir = await mkdtemp(join(tmpdir(), 'autoresearch-example-'));
  try {
    await writeSource(dir, prompt);
    const task: RewriteTask = {
      phase,
      key: phase,
      nodeId: null,
      source: { dir, script: SCRIPT, python: packageFile('.tools', 'venv', 'bin', 'python') },
      baseLaunchCommand: `python ${SCRIPT}`,
      refusal: null,
      notes: [],
      spec: SpecSchema.parse({ name: 'scripted', changes: changes.split('; ').filter((change) => change !== '') }),
      failure: null,
    };
    const answer = await createPlaybookAgent().answer(task, prompt, new AbortController().signal);
    return jsonInReply(answer.text);
  } finally {
    await removeFolder(dir);
  }
}

/** The files that the prompt shows. */
async function writeSource(dir: string, prompt: string): Promise<void> {
  await writeFile(join(dir, SCRIPT), `${fencedBlocks(prompt, 'python').at(-1)}\n`);
  for (const [, path, text] of prompt.matchAll(/^### (\S+)\n\n`{3,}[\w-]*\n(.*?)\n`{3,}$/gms)) {
    await mkdir(dirname(join(dir, path!)), { recursive: true });
    await writeFile(join(dir, path!), `${text}\n`);
  }
}

function plan(prompt: string): object {
  const launch = /\*\*Base launch command\*\*: `(.*)`/.exec(prompt)![1]!;
  const round = Number(/\(round (\d+)\)/.exec(prompt)![1]);
  const experiment = (name: string, changes: string[], launch_command: string, tag: string) => ({
    name,
    changes,
    change_summary: name,
    description: `Make this change: ${changes.join(', ') || launch_command}`,
    hypothesis: 'loading waits for its objects',
    launch_command,
    goto: null,
    best_practices_tags: [tag],
    priority: null,
  });
  const rounds = [
    [
      experiment('split_load', ['split_stage:load'], launch, 'concurrency_tuning'),
      experiment('batch_32', [], `${launch} --batch-size 32`, 'batch_size_tuning'),
    ],
    [experiment('load_8', ['load.concurrency=8'], launch, 'concurrency_tuning')],
  ];
  const experiments = rounds[round - 1] ?? [];
  const action = experiments.length > 0 ? 'launch' : 'stop';
  return { reasoning: 'the stage that waits comes first', action, experiments, not_applicable: [] };
}
