/**
 * What a run came to, without what may differ from one run to the next (times, process ids, hashes that hold a time), and
 * the comparison of a disturbed run with one that was left alone.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import type { EngineStateFile, NodeFile, StateFile } from '../../../domain/formats/files.js';
import { bookedUsd } from '../../support/booked-money.js';
import type { CommandRun } from '../../support/command-run.js';

export interface Outcome {
  status: string;
  iteration: number;
  practices: string[];
  stop: string;
  best: string | null;
  nodes: Record<string, Node>;
  /** Starts of each node's job, by the jobs' own ledger. */
  jobStarts: Record<string, number>;
  /** Ends of each node's job, by the same ledger. */
  jobEnds: Record<string, number>;
  /** Answers that the agent gave, by its own ledger. */
  answers: Record<string, number>;
  /** Calls of the agent that the event log has booked. */
  bookedCalls: number;
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
      code: claimed === node.commit ? code : `commit.txt says ${claimed}, tree.json ${node.commit}`,
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
    jobStarts: counts(jobs.filter(({ event }) => event === 'start').map(({ node }) => node)),
    jobEnds: counts(jobs.filter(({ event }) => event === 'end').map(({ node }) => node)),
    answers: counts((await run.agentLedger()).map(({ phase, node }) => `${phase} ${node}`.trim())),
    bookedCalls: Math.round(bookedUsd(events) / PRICE_USD),
    refs: (await git('for-each-ref', '--format=%(refname)'))
      .split('\n')
      .map((ref) => ref.replace(/workdir-\w+/, 'RUN'))
      .sort(),
    source: await git('status', '--porcelain'),
  };
}

function counts(names: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const name of [...names].sort()) result[name] = (result[name] ?? 0) + 1;
  return result;
}

/** How a job may end whose runner was killed: with its result all the same, or as one whose return code nobody saw. */
function isJudged(node: Node): boolean {
  return node.status === 'completed' || (node.status === 'failed' && (node.lost || node.failure === 'launch_failed'));
}

/** One sentence for each difference that is a defect; `struck` are nodes whose job lost its runner. */
export function differences(expected: Outcome, actual: Outcome, struck: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (!isDeepStrictEqual(wanted, got))
      found.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
  };
  const [wanted, got] = [withoutStruck(expected, struck), withoutStruck(actual, struck)];
  for (const key of ['status', 'iteration', 'practices', 'stop', 'refs', 'source'] as const)
    compare(key, wanted[key], got[key]);
  for (const key of ['nodes', 'jobStarts', 'jobEnds', 'answers'] as const) {
    for (const name of new Set([...Object.keys(wanted[key]), ...Object.keys(got[key])])) {
      compare(`${key} of ${name}`, wanted[key][name], got[key][name]);
    }
  }
  for (const nodeId of struck) {
    const [node, twin] = [actual.nodes[nodeId], expected.nodes[nodeId]];
    if (!node || !isJudged(node)) found.push(`${nodeId}, whose runner was killed: ${JSON.stringify(node)}`);
    else if (node.code !== twin?.code) found.push(`${nodeId}: another code than in the run that was left alone`);
    const starts = actual.jobStarts[nodeId] ?? 0;
    if (starts > 1 || (starts === 0 && node?.status === 'completed')) found.push(`job of ${nodeId}: ${starts} starts`);
    if ((actual.answers[`apply ${nodeId}`] ?? 0) !== 1) found.push(`the code of ${nodeId} was not paid once`);
    if ((actual.answers[`analyze ${nodeId}`] ?? 0) > 1) found.push(`the analysis of ${nodeId} was paid twice`);
  }
  // Of experiments that are as fast as each other the best is the one that ended first.
  compare('rate of the best', bestRate(actual), actual.best && (actual.nodes[actual.best]?.throughput ?? null));
  const paid = Object.values(actual.answers).reduce((sum, count) => sum + count, 0);
  compare('calls that are booked', paid, actual.bookedCalls);
  return found;
}

function withoutStruck(outcome: Outcome, struck: ReadonlySet<string>): Outcome {
  const isKept = ([name]: [string, unknown]) => ![...struck].some((nodeId) => name.split(' ').at(-1) === nodeId);
  const kept = <T>(record: Record<string, T>) => Object.fromEntries(Object.entries(record).filter(isKept));
  const { nodes, jobStarts, jobEnds, answers } = outcome;
  return { ...outcome, nodes: kept(nodes), jobStarts: kept(jobStarts), jobEnds: kept(jobEnds), answers: kept(answers) };
}

function bestRate({ nodes }: Outcome): number | null {
  const rates = Object.values(nodes).flatMap(({ name, status, throughput }) =>
    status === 'completed' && name !== 'headspace_cache' && typeof throughput === 'number' ? [throughput] : [],
  );
  return rates.length > 0 ? Math.max(...rates) : null;
}
