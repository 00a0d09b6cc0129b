/** Tools that steer a run, each by the command of the same meaning: a person is asked before one acts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { APPROVAL_STAGES } from '../../domain/run/approval-rules.js';
import { LIMIT_NAMES, LIMITS } from '../../domain/run/limits.js';
import { ADD } from '../commands/add.js';
import { APPROVE, REFUSE } from '../commands/approve.js';
import { REPORT } from '../commands/report.js';
import { SET } from '../commands/set.js';
import { CANCEL, NOTE, PAUSE, PRIORITIZE, REMOVE, RESUME } from '../commands/steer.js';
import { STOP } from '../commands/stop.js';
import { RUN_FLAGS } from '../flags/run-flags.js';
import { engineWorks, limitsText, nodeIs, STOPS } from './asked-before.js';
import { NODE } from './reading-tools.js';
import { byCommand, defineTool, type Tool } from './tool.js';

const LIMIT_FIELDS = Object.fromEntries(
  LIMIT_NAMES.map((name) => {
    const { kind, help } = LIMITS[name];
    const amount = z.number().positive();
    const value = kind === 'count' ? amount : z.union([amount, z.null()]);
    return [name, value.optional().describe(kind === 'count' ? help : `${help}; null lifts the limit`)];
  }),
);

export const CHANGING_TOOLS: readonly Tool[] = [
  defineTool({
    name: 'add',
    title: 'Add an experiment',
    says: "Queue an experiment of the person's own: flags of the launch command, a described change that the run's agent makes, or a patch.",
    changes: true,
    input: {
      name: z.string().min(1).describe('letters, digits, - and _'),
      description: z
        .string()
        .optional()
        .describe('what to change in the code; the agent makes the change, unless patch does'),
      hypothesis: z.string().optional().describe('why it should help'),
      changes: z.array(z.string()).optional().describe('the changes in a few words each, as in "batch_size=64"'),
      launch_command: z
        .string()
        .optional()
        .describe('the whole launch command; only flags may differ from the base one'),
      patch: z.string().optional().describe('a unified diff relative to the source directory'),
      priority: z.number().optional().describe('lower runs first (default 0)'),
      goto: z.string().optional().describe("start from this commit of an experiment (default: the run's base)"),
    },
    async act(workdir, { patch, priority, changes, launch_command, ...rest }) {
      const options = {
        ...rest,
        change: changes,
        launchCommand: launch_command,
        priority: priority === undefined ? undefined : String(priority),
      };
      if (patch === undefined) return await byCommand(ADD, [workdir], options);
      const folder = await mkdtemp(join(tmpdir(), 'autoresearch-patch-'));
      try {
        const path = join(folder, 'change.patch');
        await writeFile(path, patch, { mode: 0o600 });
        return await byCommand(ADD, [workdir], { ...options, patch: path });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  }),
  defineTool({
    name: 'prioritize',
    title: 'Reorder the queue',
    says: 'Give a queued experiment another priority; lower runs first, and equal ones in the order in which they were added.',
    changes: true,
    input: { node: NODE, priority: z.number() },
    before: nodeIs('queued'),
    act: (workdir, { node, priority }) => byCommand(PRIORITIZE, [workdir, node, String(priority)]),
  }),
  defineTool({
    name: 'remove',
    title: 'Remove from the queue',
    says: 'Take an experiment that has not started out of the queue.',
    changes: true,
    input: { node: NODE },
    before: nodeIs('queued'),
    act: (workdir, { node }) => byCommand(REMOVE, [workdir, node]),
  }),
  defineTool({
    name: 'cancel',
    title: 'Cancel an experiment',
    says: 'End an experiment that is under way; its job is killed.',
    changes: true,
    input: { node: NODE },
    before: nodeIs('open'),
    act: (workdir, { node }) => byCommand(CANCEL, [workdir, node]),
  }),
  defineTool({
    name: 'set_limits',
    title: 'Set limits',
    says: 'Change what the run may use: rounds, patience, jobs at a time, experiments, hours and budgets.',
    changes: true,
    input: LIMIT_FIELDS,
    told: limitsText,
    act: (workdir, limits) => byCommand(SET, [workdir], limitOptions(limits)),
  }),
  defineTool({
    name: 'note',
    title: 'Tell the planner',
    says: 'Tell the planner something that its next plan takes into account.',
    changes: true,
    input: { text: z.string().min(1) },
    act: (workdir, { text }) => byCommand(NOTE, [workdir, text]),
  }),
  defineTool({
    name: 'approve',
    title: 'Approve',
    says: 'Say yes to a proposal that waits for the person, or yes with a change in words that the agent then makes.',
    changes: true,
    input: { node: NODE, change: z.string().min(1).optional().describe('what the person wants otherwise') },
    before: nodeIs('asked'),
    act: (workdir, { node, change }) => byCommand(APPROVE, [workdir, node], { change }),
  }),
  defineTool({
    name: 'refuse',
    title: 'Refuse',
    says: 'Say no to a proposal that waits for the person; the next plan is told the reason.',
    changes: true,
    input: { node: NODE, reason: z.string().optional() },
    before: nodeIs('asked'),
    act: (workdir, { node, reason }) => byCommand(REFUSE, [workdir, node], { reason }),
  }),
  defineTool({
    name: 'set_approval',
    title: 'Ask the person',
    says: "What waits for the person's approval from now on: proposals (plans), their code (edits), or none.",
    changes: true,
    input: { approve: z.enum([...APPROVAL_STAGES, 'none']) },
    act: (workdir, { approve }) => byCommand(SET, [workdir], { approve }),
  }),
  defineTool({
    name: 'pause',
    title: 'Pause',
    says: 'Start nothing new until somebody resumes; running jobs go on.',
    changes: true,
    input: {},
    before: engineWorks,
    act: (workdir) => byCommand(PAUSE, [workdir]),
  }),
  defineTool({
    name: 'resume',
    title: 'Resume',
    says: 'End a pause.',
    changes: true,
    input: {},
    before: engineWorks,
    act: (workdir) => byCommand(RESUME, [workdir]),
  }),
  defineTool({
    name: 'stop',
    title: 'Stop the run',
    says: 'End the run: after the running experiments, now with running jobs going on (it can be resumed), or with the running jobs killed.',
    changes: true,
    input: { how: z.enum(['after_running', 'now_jobs_go_on', 'kill_jobs']) },
    told: ({ how }) => STOPS[how],
    before: engineWorks,
    act: (workdir, { how }) =>
      byCommand(STOP, [workdir], {
        ...(how === 'after_running' ? { drain: true, wait: false } : {}),
        ...(how === 'kill_jobs' ? { cancelJobs: true } : {}),
      }),
  }),
  defineTool({
    name: 'report',
    title: 'Write the report',
    says: "Make report.md, and final_report.md with the run's agent (a call that costs), of a run that no engine works on.",
    changes: true,
    input: {},
    act: (workdir) => byCommand(REPORT, [workdir]),
  }),
];

/** As the flags of `set` are given. */
function limitOptions(limits: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [
      RUN_FLAGS.find(({ limit }) => limit === name)!.option,
      value === null ? 'none' : String(value),
    ]),
  );
}
