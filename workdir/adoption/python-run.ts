/** Reads what the Python engine left of a run: its history, its tree, and the queue that its checkpoint names. */
import { z } from 'zod';
import {
  CheckpointSchema,
  type NodeFile,
  NodeSchema,
  type StateFile,
  StateFileSchema,
} from '../../domain/formats/files.js';
import { isJobFolder } from '../../domain/run/naming.js';
import { readJsonIfAny, readTextIfAny } from '../../host/atomic-file.js';
import { checked, readChecked } from '../checked-file.js';
import type { Workdir } from '../paths.js';

export interface PythonRun {
  state: StateFile;
  /** When its engine was last heard of, ms. */
  leftAtMs: number;
  /** Every experiment, in the order of its tree, as the checkpoint has it where it is not over. */
  nodes: NodeFile[];
  /** Commits of experiments that had not got as far as a job, by node id. */
  preparedCommits: Map<string, string>;
  /** When jobs began (ms), by job id, where their records tell. */
  jobStarts: Map<string, number>;
}

const JobStartSchema = z.looseObject({ started_at: z.number() });

/** Null where there is no such run. Throws InvalidFile. */
export async function readPythonRun(workdir: Workdir): Promise<PythonRun | null> {
  const state = await readChecked(workdir.state, StateFileSchema);
  if (state === null) return null;
  const tree = (await readChecked(workdir.tree, z.array(NodeSchema))) ?? [];
  const checkpoint = await readChecked(workdir.checkpoint, CheckpointSchema);
  const nodes = new Map<string, NodeFile>();
  for (const node of [...tree, ...state.history.map(nodeOf)])
    if (!nodes.has(node.node_id)) nodes.set(node.node_id, node);
  const isOver = overIn(state, nodes);
  if (checkpoint !== null) {
    const kept = new Set([...checkpoint.queued, ...checkpoint.running].map(({ payload }) => payload.node.node_id));
    // A person took it out of the queue.
    for (const nodeId of [...nodes.keys()]) if (!kept.has(nodeId) && !isOver(nodeId)) nodes.delete(nodeId);
    for (const list of ['queued', 'running'] as const) {
      for (const [index, { priority, payload }] of checkpoint[list].entries()) {
        const nodeId = payload.node.node_id;
        if (isOver(nodeId)) continue;
        const node = { ...BARE, ...nodes.get(nodeId), ...payload.node, priority };
        const where = `${workdir.checkpoint}: ${list}.${index}.payload.node`;
        nodes.set(nodeId, named(list === 'queued' ? { ...node, status: 'queued' } : node, where));
      }
    }
  }
  const all = [...nodes.values()];
  return {
    state,
    leftAtMs: timeOf(checkpoint?.timestamp ?? '') ?? timeOf(state.history.at(-1)?.completed_at ?? '') ?? 0,
    nodes: all,
    preparedCommits: await preparedCommits(workdir, all),
    jobStarts: await jobStarts(workdir, all),
  };
}

/** Times in its files are local and without a zone. */
export function timeOf(text: string): number | null {
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : atMs;
}

/** What a person may leave out of an experiment that waits. */
const BARE = {
  parent_id: null,
  commit: null,
  job_id: null,
  launched_at: null,
  result: null,
  children: [],
  duration: null,
  failure: null,
};

function named(node: object, where: string): NodeFile {
  const { name } = checked(node, z.looseObject({ spec: z.looseObject({ name: z.string() }) }), where).spec;
  return checked({ name, ...node }, NodeSchema, where);
}

function overIn(state: StateFile, nodes: ReadonlyMap<string, NodeFile>): (nodeId: string) => boolean {
  const ended = new Set(state.history.map(({ run_id }) => run_id));
  return (nodeId) => {
    const status = nodes.get(nodeId)?.status;
    return ended.has(nodeId) || status === 'completed' || status === 'failed';
  };
}

/** An experiment of which only the history is left. */
function nodeOf({ run_id, name, commit, job_id, structured }: StateFile['history'][number]): NodeFile {
  const { failure = null, ...result } = structured;
  const status = failure === null ? 'completed' : 'failed';
  return { ...BARE, node_id: run_id, name, commit, job_id, spec: { name }, status, result, failure, priority: 0 };
}

/** One that was committed and then interrupted has its commit on file already. */
async function preparedCommits(workdir: Workdir, nodes: readonly NodeFile[]): Promise<Map<string, string>> {
  const commits = new Map<string, string>();
  for (const { node_id, status, commit, job_id } of nodes) {
    if (status === 'queued' || job_id !== null) continue;
    const own = (await readTextIfAny(workdir.run(node_id, 'commit.txt')))?.trim();
    if (own && own !== commit) commits.set(node_id, own);
  }
  return commits;
}

async function jobStarts(workdir: Workdir, nodes: readonly NodeFile[]): Promise<Map<string, number>> {
  const starts = new Map<string, number>();
  for (const { job_id } of nodes) {
    if (job_id === null || !isJobFolder(job_id)) continue;
    const record = JobStartSchema.safeParse(await readJsonIfAny(workdir.job(job_id, 'job.json')));
    if (record.success) starts.set(job_id, record.data.started_at * 1000);
  }
  return starts;
}
