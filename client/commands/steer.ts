/**
 * Commands that steer a running engine with one message: `pause`, `resume`, `prioritize`, `remove`, `cancel`, `note`.
 */
import { randomUUID } from 'node:crypto';
import { Refusal } from '../output/refusal.js';
import { steeringCommand } from '../steering/steering-command.js';

export const PAUSE = steeringCommand(
  { name: 'pause', args: '<workdir>', help: 'start nothing new; running jobs go on' },
  ([path = ''], { request }, { steer, messages }) =>
    steer(path, messages.pauseUpdate, [], { request, about: { field: 'workdir', value: path } }),
);

export const RESUME = steeringCommand(
  { name: 'resume', args: '<workdir>', help: 'end a pause' },
  ([path = ''], { request }, { steer, messages }) =>
    steer(path, messages.resumeUpdate, [], { request, about: { field: 'workdir', value: path } }),
);

export const PRIORITIZE = steeringCommand(
  {
    name: 'prioritize',
    args: '<workdir> <node> <priority>',
    help: 'give a queued experiment another priority; lower runs first',
  },
  async ([path = '', node = '', given = ''], { request }, { steer, messages, nodeNamed }) => {
    const priority = given.trim() === '' ? Number.NaN : Number(given);
    if (!Number.isFinite(priority)) throw new Refusal('priority', given, 'a number; lower runs first');
    const about = { field: 'node', value: node };
    const node_id = await nodeNamed(path, node);
    return steer(path, messages.reprioritizeUpdate, [{ node_id, priority }], { request, about });
  },
);

export const REMOVE = steeringCommand(
  { name: 'remove', args: '<workdir> <node>', help: 'take an experiment out of the queue' },
  async ([path = '', node = ''], { request }, { steer, messages, nodeNamed }) => {
    const node_id = await nodeNamed(path, node);
    return steer(path, messages.removeUpdate, [{ node_id }], { request, about: { field: 'node', value: node } });
  },
);

export const CANCEL = steeringCommand(
  { name: 'cancel', args: '<workdir> <node>', help: 'end an experiment; its job is killed' },
  async ([path = '', node = ''], { request }, { steer, messages, nodeNamed }) => {
    const node_id = await nodeNamed(path, node);
    return steer(path, messages.cancelUpdate, [{ node_id }], { request, about: { field: 'node', value: node } });
  },
);

/** Kept for the next engine where none works on the run now. */
export const NOTE = steeringCommand(
  { name: 'note', args: '<workdir> <text>', help: 'tell the planner something; the next plan takes it into account' },
  async ([path = '', text = ''], { request = randomUUID() }, { steer, messages }) => {
    const { keptForLater } = await import('../steering/give-later.js');
    const about = { field: 'text', value: text };
    const otherwise = keptForLater({ request, do: 'note', message: { text } }, about);
    const [receipt, { config }] = await Promise.all([
      steer(path, messages.noteUpdate, [{ text, request }], { request, about, otherwise }),
      import('../run/workdir-config.js').then(({ existingRun }) => existingRun(path)),
    ]);
    return config.agent === 'playbook' ? { ...receipt, message: `${receipt.message}${NO_READER}` } : receipt;
  },
);

const NO_READER = '; but playbook, the agent of this run, plans by rules, whatever a note says';
