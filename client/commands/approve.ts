/** `approve` and `refuse`: a person's yes, change or no to what waits for it (`--approve`). */
import type { RunConfig } from '../../domain/formats/config.js';
import type { Spec } from '../../domain/formats/spec.js';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import { awaitingApproval } from '../../domain/run/approval.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { ExperimentRow } from '../../domain/run/experiment-record.js';
import type { Workdir } from '../../workdir/paths.js';
import type { CommandDefinition } from '../command-definition.js';
import { type Printed, printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';
import {
  checkRequest,
  loadSteering,
  REQUEST,
  type Repeatable,
  receiptText,
  steeringCommand,
} from '../steering/steering-command.js';

export const APPROVE: CommandDefinition = {
  name: 'approve',
  args: '<workdir> [node]',
  help: 'say yes to a proposal that waits for you; without a node, show what waits',
  examples: [
    'autoresearch approve ~/runs/first',
    'autoresearch approve ~/runs/first 007',
    "autoresearch approve ~/runs/first 007 --change 'four workers, not eight'",
  ],
  flags: [
    { flags: '--all', help: 'say yes to everything that waits now' },
    { flags: '--change <text>', help: 'yes, but otherwise: the agent makes it anew, with these words of yours' },
    REQUEST,
  ],
  after:
    '`autoresearch set <workdir> --approve plans` (or edits, or none) says what waits for you. `autoresearch diff <workdir> <node>`\nshows the code of one that waits with its code.',
  async act([path = '', node = ''], options) {
    const given = checkRequest(options);
    const { change } = options;
    if (options.all === true && (node !== '' || change !== undefined))
      throw new Refusal('--all', true, 'no node and no --change beside it');
    if (options.all === true) return await approveAll(path, given);
    if (node === '') {
      if (change !== undefined) throw new Refusal('--change', change, 'the node that it is about');
      return printed(await waiting(path), waitingText);
    }
    if (typeof change === 'string') return printed(await changeInstead(path, node, change, given), receiptText);
    return printed(await say('yes', path, node, given), receiptText);
  },
};

export const REFUSE = steeringCommand(
  {
    name: 'refuse',
    args: '<workdir> <node>',
    help: 'say no to a proposal that waits for you',
    flags: [{ flags: '--reason <text>', help: 'why; the next plan is told' }],
  },
  ([path = '', node = ''], { reason, ...given }) =>
    say('no', path, node, given, typeof reason === 'string' ? reason : ''),
);

async function say(
  answer: 'yes' | 'no',
  path: string,
  node: string,
  { request }: Repeatable,
  reason = '',
): Promise<Receipt> {
  const { steer, messages, nodeNamed } = await loadSteering();
  const node_id = await nodeNamed(path, node);
  const about = { field: 'node', value: node };
  if (answer === 'yes') return await steer(path, messages.approveUpdate, [{ node_id }], { request, about });
  return await steer(path, messages.refuseUpdate, [{ node_id, reason }], { request, about });
}

async function approveAll(path: string, given: Repeatable): Promise<Printed> {
  const { state } = await stateOf(path);
  const receipts: Receipt[] = [];
  for (const { nodeId } of awaitingApproval(state)) receipts.push(await say('yes', path, nodeId, given));
  return printed(receipts, (all) => (all.length === 0 ? NOTHING : all.map(receiptText).join('\n')));
}

export interface WaitingProposal {
  node_id: string;
  stage: 'plans' | 'edits';
  since: string;
  description: string;
  hypothesis: string;
  changes: string[];
  launch_command: string;
}

async function waiting(path: string): Promise<WaitingProposal[]> {
  const { workdir, config, state } = await stateOf(path);
  const found: WaitingProposal[] = [];
  for (const row of awaitingApproval(state)) {
    const { description, hypothesis, changes, launch_command } = await specIn(workdir, config, state, row);
    const { stage = 'plans', sinceMs = 0 } = row.asked ?? {};
    const since = new Date(sinceMs).toISOString();
    found.push({ node_id: row.nodeId, stage, since, description, hypothesis, changes, launch_command });
  }
  return found;
}

const NOTHING = 'nothing waits for an approval';

function waitingText(proposals: readonly WaitingProposal[]): string {
  if (proposals.length === 0) return NOTHING;
  return proposals
    .map(({ node_id, stage, description, hypothesis, changes }) =>
      [
        `${node_id} waits for your approval of its ${stage === 'plans' ? 'plan' : 'code'}`,
        ...(description === '' ? changes : [description]).map((line) => `  ${line}`),
        ...(hypothesis === '' ? [] : [`  why: ${hypothesis}`]),
      ].join('\n'),
    )
    .join('\n');
}

/** The proposal is refused, and the person's own takes its place: what it says, and what they want otherwise. */
async function changeInstead(path: string, node: string, change: string, given: Repeatable): Promise<Receipt> {
  const [{ nodeNamed }, { queueOwn }] = await Promise.all([loadSteering(), import('./add.js')]);
  const { workdir, config, state } = await stateOf(path);
  const nodeId = await nodeNamed(path, node);
  const row = awaitingApproval(state).find((each) => each.nodeId === nodeId);
  if (row === undefined) throw new Refusal('node', node, 'an experiment that waits for your approval');
  if (config.agent === 'playbook')
    throw new Refusal('--change', change, 'an agent that reads words; the playbook makes the changes that it knows');
  const spec = await specIn(workdir, config, state, row);
  const receipt = await queueOwn(
    path,
    {
      name: `${row.name}_changed`.slice(0, NAME_LENGTH),
      description: `${spec.description}\n\nA person wants it changed, and this counts above what stands before: ${change}`,
      hypothesis: spec.hypothesis,
      changes: [...spec.changes, `changed: ${change}`],
      launch_command: spec.launch_command,
      goto: row.startCommit,
      priority: row.priority,
      best_practices_tags: row.tags,
    },
    given,
  );
  if (!receipt.accepted) return receipt;
  const reason = `${receipt.node_id ?? 'an experiment of their own'} takes its place: ${change}`;
  await say('no', path, nodeId, {}, reason);
  return { ...receipt, message: `${receipt.message}; it takes the place of ${nodeId}` };
}

const NAME_LENGTH = 60;

async function specIn(workdir: Workdir, config: RunConfig, state: EngineState, row: ExperimentRow): Promise<Spec> {
  const { specOf } = await import('../../workdir/spec-store.js');
  return await specOf(workdir, config, state, row);
}

async function stateOf(path: string) {
  return await (await import('../run/run-state.js')).runAsLogged(path);
}
