/** The commands that steer a running engine: each sends one update and returns the receipt. */
import { randomUUID } from 'node:crypto';
import type { RunConfig } from '../../domain/formats/config.js';
import * as messages from '../../domain/protocol/messages.js';
import type { GivenMessage, Receipt, SetLimitsMessage, StopMessage } from '../../domain/protocol/steering-messages.js';
import { givenProblem } from '../../domain/run/given-more.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { writeConfig } from '../../workdir/config-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { type GivenFlag, givenFlags } from '../flags/given-flags.js';
import { RUN_FLAGS } from '../flags/run-flags.js';
import { Refusal } from '../output/refusal.js';
import { checkBudget } from '../run/first-config.js';
import { giveLater } from '../run/give-later.js';
import { checkConcurrency } from '../run/job-slots.js';
import { nodeNamed } from '../run/named-node.js';
import { type OwnExperimentOptions, ownExperiment } from '../run/own-experiment.js';
import { steer } from '../run/steering-client.js';
import { existingRun, withValueAt } from '../run/workdir-config.js';

export interface Repeatable {
  request?: string | undefined;
}

export function pause(path: string, { request }: Repeatable): Promise<Receipt> {
  return steer(path, messages.pauseUpdate, [], { request, about: { field: 'workdir', value: path } });
}

export function resume(path: string, { request }: Repeatable): Promise<Receipt> {
  return steer(path, messages.resumeUpdate, [], { request, about: { field: 'workdir', value: path } });
}

export function requestStop(path: string, mode: StopMessage['mode'], { request }: Repeatable): Promise<Receipt> {
  return steer(path, messages.stopUpdate, [{ mode }], { request, about: { field: 'workdir', value: path } });
}

export async function prioritize(path: string, node: string, given: string, { request }: Repeatable): Promise<Receipt> {
  const priority = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(priority)) throw new Refusal('priority', given, 'a number; lower runs first');
  const about = { field: 'node', value: node };
  const node_id = await nodeNamed(path, node);
  return steer(path, messages.reprioritizeUpdate, [{ node_id, priority }], { request, about });
}

export async function remove(path: string, node: string, { request }: Repeatable): Promise<Receipt> {
  const node_id = await nodeNamed(path, node);
  return steer(path, messages.removeUpdate, [{ node_id }], { request, about: { field: 'node', value: node } });
}

export async function cancel(path: string, node: string, { request }: Repeatable): Promise<Receipt> {
  const node_id = await nodeNamed(path, node);
  return steer(path, messages.cancelUpdate, [{ node_id }], { request, about: { field: 'node', value: node } });
}

export function note(path: string, text: string, { request = randomUUID() }: Repeatable): Promise<Receipt> {
  const about = { field: 'text', value: text };
  const otherwise = later({ request, do: 'note', message: { text } }, about);
  return steer(path, messages.noteUpdate, [{ text, request }], { request, about, otherwise });
}

/** For a run that nobody serves: the message is checked, and waits. */
function later(given: GivenMessage, { field, value }: { field: string; value: unknown }) {
  return async (workdir: Workdir): Promise<Receipt> => {
    const problem = givenProblem(given);
    if (problem !== null) throw new Refusal(field, value, problem);
    return await giveLater(workdir, given);
  };
}

/** `options` are the flags of `run` that set limits. What the engine accepts is kept in config.json as well. */
export async function setLimits(
  path: string,
  options: Readonly<Record<string, unknown>>,
  { request = randomUUID() }: Repeatable,
): Promise<Receipt> {
  const given = givenFlags(options);
  const limits: SetLimitsMessage = {};
  for (const { flag, value } of given) if (flag.limit !== undefined) limits[flag.limit] = value as number;
  if (Object.keys(limits).length === 0) {
    const names = RUN_FLAGS.filter(({ limit }) => limit !== undefined).map(({ name }) => name);
    throw new Refusal('limits', undefined, `at least one of ${names.join(', ')}`);
  }
  const { config: before } = await existingRun(path);
  const wanted = withLimits(before, given);
  checkConcurrency('--max-concurrency', wanted);
  checkBudget({ usd: '--budget-usd', tokens: '--budget-tokens' }, wanted);
  const about = { field: 'limits', value: limits };
  const otherwise = later({ request, do: 'set_limits', message: limits }, about);
  const receipt = await steer(path, messages.setLimitsUpdate, [limits], { request, about, otherwise });
  const { workdir, config } = await existingRun(path);
  await writeConfig(workdir, withLimits(config, given));
  return receipt;
}

function withLimits(config: RunConfig, given: readonly GivenFlag[]): RunConfig {
  return given.reduce((next, { flag, value }) => withValueAt(next, flag.key, value), config);
}

/** An experiment of one's own, from a JSON file, from flags, or from a file that flags amend. */
export async function add(path: string, options: OwnExperimentOptions & Repeatable): Promise<Receipt> {
  const experiment = await ownExperiment(options);
  const { request = randomUUID() } = options;
  const { edits: _, patch: __, ...plain } = experiment;
  const message = { experiment: plain, request };
  const about = { field: 'experiment', value: experiment.name };
  // A message alone may come from anybody on the host: this file says that it is the owner's, and holds the code.
  const beforehand = (workdir: Workdir) => writeJsonAtomic(workdir.offer(request), experiment);
  const otherwise = async (workdir: Workdir, config: RunConfig) => {
    await beforehand(workdir);
    const { createAcceptExperiment } = await import('../../activities/index.js');
    const accept = createAcceptExperiment({ workdir, config, log: () => undefined });
    const answer = await accept({ run: config.run_id, request, experiment: plain });
    if (!answer.accepted) throw new Refusal(about.field, about.value, answer.reason);
    return await giveLater(workdir, { request, do: 'add', message: { experiment: plain } });
  };
  return steer(path, messages.addUpdate, [message], { request, about, beforehand, otherwise });
}
