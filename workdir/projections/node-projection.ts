/** What the workdir shows of one experiment: its entry in the tree and the files of its own. Values in, values out. */

import { withCustomByName } from '../../domain/evidence/metrics.js';
import type { NodeFile } from '../../domain/formats/files.js';
import type { Spec } from '../../domain/formats/spec.js';
import { type RunRecord, treeParent } from '../../domain/reports/run-record.js';
import { commitOf, type ExperimentRow, jobIdOf } from '../../domain/run/experiment-record.js';
import type { Workdir } from '../paths.js';

/** Text of a file, or null where there must be none. */
export type FileTexts = Map<string, string | null>;

export function fileStatus(row: ExperimentRow): NodeFile['status'] {
  switch (row.state.status) {
    case 'ready':
    case 'launching':
      return 'preparing';
    case 'cancelled':
      return 'failed';
    default:
      return row.state.status;
  }
}

/** The specification as it was run: with its own commit and image, once it has them. */
function specFile(record: RunRecord, row: ExperimentRow, spec: Spec): Record<string, unknown> & { name: string } {
  const { priority: _, ...rest } = spec;
  const commit = commitOf(row);
  const image = record.images.get(row.nodeId);
  return {
    ...rest,
    ...(commit === null ? {} : { commit }),
    ...(commit === null || image === undefined ? {} : { _image: image }),
  };
}

/** Metrics, findings and where the numbers came from; null unless it completed. */
export function resultFile(record: RunRecord, row: ExperimentRow): NodeFile['result'] {
  const { state } = row;
  if (state.status !== 'completed') return null;
  const { metrics, sources } = withCustomByName(state);
  return { metrics, findings: record.findings.get(row.nodeId) ?? [], sources };
}

function failureFile(row: ExperimentRow): NodeFile['failure'] {
  return 'failure' in row.state ? { ...row.state.failure } : null;
}

export function treeNode(record: RunRecord, row: ExperimentRow, spec: Spec): NodeFile {
  const { state } = row;
  const launchedAtMs = 'launchedAtMs' in state ? state.launchedAtMs : null;
  return {
    node_id: row.nodeId,
    name: row.name,
    parent_id: treeParent(row),
    commit: commitOf(row) ?? row.startCommit ?? record.state.baseCommit,
    spec: specFile(record, row, spec),
    status: fileStatus(row),
    job_id: jobIdOf(row),
    launched_at: launchedAtMs === null ? null : launchedAtMs / 1000,
    result: resultFile(record, row),
    children: record.children.get(row.nodeId) ?? [],
    priority: row.priority,
    duration: 'durationS' in state ? state.durationS : null,
    failure: failureFile(row),
  };
}

/** engine/nodes/<id>/ and the engine's part of runs/<id>/; without a row (it was removed) none of them stays. */
export function nodeFiles(
  workdir: Workdir,
  record: RunRecord,
  nodeId: string,
  row: ExperimentRow | undefined,
  spec: Spec | undefined,
): FileTexts {
  const shown = row && spec ? specFile(record, row, spec) : null;
  const hasRun = row !== undefined && row.state.status !== 'queued';
  const result = row ? resultFile(record, row) : null;
  const failure = row ? failureFile(row) : null;
  return new Map([
    [workdir.run(nodeId, 'commit.txt'), line(row && commitOf(row))],
    [workdir.run(nodeId, 'job_id.txt'), line(row && jobIdOf(row))],
    [workdir.node(nodeId, 'spec.json'), shown && json(shown)],
    [workdir.node(nodeId, 'status.txt'), row ? `${fileStatus(row)}\n` : null],
    [workdir.node(nodeId, 'result.json'), result && json(result)],
    [workdir.node(nodeId, 'failure.json'), failure && json(failure)],
    [workdir.run(nodeId, 'meta.json'), hasRun && shown ? json(shown) : null],
  ]);
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function line(text: string | null | undefined): string | null {
  return text ? `${text}\n` : null;
}
