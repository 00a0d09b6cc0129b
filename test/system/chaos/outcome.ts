/**
 * What a run came to, without what may differ from one run to the next (times, process ids, hashes that hold a time),
 * and the comparison of a disturbed run with one that was left alone.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import type { EngineStateFile, NodeFile, StateFile } from '../../../domain/formats/files.js';
import { ledgerOf } from '../../support/booked-money.js';
import type { CommandRun } from '../../support/command-run.js';

export interface Outcome {
  status: string;
  iteration: number;
  practices: string[];
  stop: string;
  best: string | null;
  nodes: Record<string, Node>;
  /** Starts of each node's job, by the jobs' own ledger; without those that were set aside, as their disk was full. */
  jobStarts: Record<string, number>;
  /** Ends of each node's job, by the same ledger. */
  jobEnds: Record<string, number>;
  /** Answers that the agent gave, by its own ledger. */
  answers: Record<string, number>;
  /** Calls of the agent that the run's ledger has booked. */
  bookedCalls: number;
  /** Booked as calls whose price nobody knows: under way when their experiment's workflow was ended. */
  unpricedCalls: number;
  refs: string[];
  source: string;
}

interface Node {
  name: string;
  parent: string | null;
  status: string;
  failure: string | null;
  lost: boolean;
  changes: unknown;
  /** Hash of the code that was committed. */
  code: string;
  throughput: unknown;
  children: string[];
}

/** Of one answer of test/fixtures/agents/scripted-claude.py. */
const PRICE_USD = 0.01;

export async function outcomeOf(run: CommandRun): Promise<Outcome> {
  const tree = (await run.json('engine', 'tree.json')) as NodeFile[];
  const state = (await run.json('state.json')) as StateFile;
  const { status } = (await run.json('engine', 'engine_state.json')) as EngineStateFile;
  const events = await run.events();
  const stops = events.flatMap((event) => (event.type === 'stopped' ? [event.reason] : []));
  const jobs = await run.jobLedger();
  const setAside = await setAsideJobs(run);
  const ledger = ledgerOf(events);
  const of = (wanted: 'start' | 'end') => counts(jobs.filter(({ event }) => event === wanted).map(({ node }) => node));
  const git = async (...args: string[]) => (await execa('git', args, { cwd: run.source })).stdout;
  const nodes: Record<string, Node> = {};
  for (const node of tree) {
    const code = node.commit === null ? '' : await git('rev-parse', `${node.commit}^{tree}`);
    const claimed = (
      await readFile(join(run.workdir, 'runs', node.node_id, 'commit.txt'), 'utf8').catch(() => '')
    ).trim();
    nodes[node.node_id] = {
      name: node.name,
      parent: node.parent_id,
      status: node.status,
      failure: node.failure?.kind ?? null,
      lost: (node.failure?.details as { lost?: boolean } | undefined)?.lost === true,
      changes: node.spec.changes,
      code: codeOf(node, claimed, code),
      throughput: node.result?.metrics.throughput_samples_per_s ?? null,
      children: [...node.children].sort(),
    };
  }
  return {
    status,
    iteration: state.iteration,
    practices: [...state.best_practices_tried].sort(),
    stop: stops.at(-1) ?? 'none',
    best: state.current_best,
    nodes,
    jobStarts: withoutAside(of('start'), setAside),
    // One that ended without having been able to print may have written its own end, or not.
    jobEnds: mapped(of('end'), (node, times) => (setAside[node] ? 1 : times)),
    answers: counts((await run.agentLedger()).map(({ phase, node }) => `${phase} ${node}`.trim())),
    bookedCalls: Math.round(ledger.spent.usd / PRICE_USD),
    unpricedCalls: ledger.unpriced,
    refs: (await git('for-each-ref', '--format=%(refname)'))
      .split('\n')
      .map((ref) => ref.replace(/workdir-\w+/, 'RUN'))
      .sort(),
    source: await git('status', '--porcelain'),
  };
}

const NO_CODE = 'none of its own';

/** One without a commit shows where it would have started. */
function codeOf({ commit }: NodeFile, claimed: string, code: string): string {
  if (claimed === '') return NO_CODE;
  return claimed === commit ? code : `commit.txt says ${claimed}, tree.json ${commit}`;
}

async function setAsideJobs(run: CommandRun): Promise<Record<string, number>> {
  const nodes = await readdir(join(run.workdir, 'runs')).catch(() => []);
  const folders = await Promise.all(nodes.map((node) => readdir(join(run.workdir, 'runs', node)).catch(() => [])));
  return counts(
    folders.flatMap((names, at) => names.flatMap((name) => (/^earlier_job_\d+$/.test(name) ? [nodes[at]!] : []))),
  );
}

function withoutAside(starts: Record<string, number>, setAside: Record<string, number>): Record<string, number> {
  return mapped(starts, (node, times) => times - (setAside[node] ?? 0));
}

function mapped(record: Record<string, number>, change: (name: string, value: number) => number) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(name, value)]));
}

function counts(names: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const name of [...names].sort()) result[name] = (result[name] ?? 0) + 1;
  return result;
}

/** Nodes whose work was struck itself, so that each may end in another way than where it was left alone. */
export interface Struck {
  /** Their job lost its runner. */
  struck: ReadonlySet<string>;
  /** Their workflow was cancelled or terminated. */
  ended: ReadonlySet<string>;
}

export const LEFT_ALONE: Struck = { struck: new Set(), ended: new Set() };

/** With its result all the same, as one that nobody saw end, or as one whose workflow was ended. */
function isJudged(node: Node, isEnded: boolean): boolean {
  if (node.status === 'completed') return true;
  if (isEnded && (node.failure === 'cancelled' || node.failure === 'unexpected_exception')) return true;
  return node.status === 'failed' && (node.lost || node.failure === 'launch_failed');
}

/** One sentence for each difference that is a defect. */
export function differences(expected: Outcome, actual: Outcome, { struck, ended }: Struck): string[] {
  const found: string[] = [];
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (!isDeepStrictEqual(wanted, got))
      found.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
  };
  const different = new Set([...struck, ...ended]);
  const [wanted, got] = [without(expected, different), without(actual, different)];
  for (const key of ['status', 'iteration', 'practices', 'stop', 'refs', 'source'] as const)
    compare(key, wanted[key], got[key]);
  for (const key of ['nodes', 'jobStarts', 'jobEnds', 'answers'] as const) {
    for (const name of new Set([...Object.keys(wanted[key]), ...Object.keys(got[key])])) {
      compare(`${key} of ${name}`, wanted[key][name], got[key][name]);
    }
  }
  for (const nodeId of different) {
    const [node, twin] = [actual.nodes[nodeId], expected.nodes[nodeId]];
    const isEnded = ended.has(nodeId);
    const what = isEnded ? 'whose workflow was ended' : 'whose runner was killed';
    if (!node || !isJudged(node, isEnded)) found.push(`${nodeId}, ${what}: ${JSON.stringify(node)}`);
    // One that was ended early has none of its own.
    else if (node.code !== twin?.code && !(isEnded && node.status !== 'completed' && node.code === NO_CODE))
      found.push(`${nodeId}: another code than in the run that was left alone: ${node.code}`);
    const starts = actual.jobStarts[nodeId] ?? 0;
    if (starts > 1 || (starts === 0 && node?.status === 'completed')) found.push(`job of ${nodeId}: ${starts} starts`);
    const paid = actual.answers[`apply ${nodeId}`] ?? 0;
    if (paid > 1 || (paid === 0 && !(isEnded && node?.status !== 'completed')))
      found.push(`the code of ${nodeId} was paid ${paid} times`);
    if ((actual.answers[`analyze ${nodeId}`] ?? 0) > 1) found.push(`the analysis of ${nodeId} was paid twice`);
  }
  // Of experiments that are as fast as each other the best is the one that ended first.
  compare('rate of the best', bestRate(actual), actual.best && (actual.nodes[actual.best]?.throughput ?? null));
  const paid = Object.values(actual.answers).reduce((sum, count) => sum + count, 0);
  const { bookedCalls, unpricedCalls } = actual;
  if (bookedCalls > paid || bookedCalls + unpricedCalls < paid || unpricedCalls > 2 * ended.size)
    found.push(`${paid} calls were paid, ${bookedCalls} are booked, and ${unpricedCalls} without their price`);
  return found;
}

function without(outcome: Outcome, nodeIds: ReadonlySet<string>): Outcome {
  const isKept = ([name]: [string, unknown]) => !nodeIds.has(name.split(' ').at(-1) ?? '');
  const kept = <T>(record: Record<string, T>) => Object.fromEntries(Object.entries(record).filter(isKept));
  const { nodes, jobStarts, jobEnds, answers } = outcome;
  const refs = outcome.refs.filter((ref) => ![...nodeIds].some((nodeId) => ref.includes(nodeId)));
  return {
    ...outcome,
    refs,
    nodes: kept(nodes),
    jobStarts: kept(jobStarts),
    jobEnds: kept(jobEnds),
    answers: kept(answers),
  };
}

function bestRate({ nodes }: Outcome): number | null {
  const rates = Object.values(nodes).flatMap(({ name, status, throughput }) =>
    status === 'completed' && name !== 'headspace_cache' && typeof throughput === 'number' ? [throughput] : [],
  );
  return rates.length > 0 ? Math.max(...rates) : null;
}
