/** The run so far, as planners and reports see it: without repeats, which say nothing new. */
import { isRemeasurement } from '../domain/belief/confirmation-state.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import type { RunConfig } from '../domain/formats/config.js';
import type { Spec } from '../domain/formats/spec.js';
import { heldFindings } from '../domain/reports/held-claims.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { type Standing, standingsOf } from '../domain/reports/standing.js';
import {
  BASELINE_ID,
  commitOf,
  type ExperimentRow,
  isTerminal,
  MTP_ID,
  type TerminalStatus,
} from '../domain/run/experiment-record.js';
import { readJsonIfWhole } from '../host/atomic-file.js';
import type { Workdir } from '../workdir/paths.js';
import { readSpecs } from '../workdir/spec-store.js';
import type { HistoryEntry } from './agent.js';

/** How many of the newest runs a planner gets the measurements of, besides the baseline and the best. */
const NEWEST = 6;

/** Reads those that `known` lacks into it, and returns it. */
export async function specsOf(
  workdir: Workdir,
  config: RunConfig,
  record: RunRecord,
  known = new Map<string, Spec>(),
): Promise<Map<string, Spec>> {
  await readSpecs(workdir, config, record.state, Object.keys(record.state.experiments), known);
  return known;
}

export function historyOf(record: RunRecord, specs: ReadonlyMap<string, Spec>): HistoryEntry[] {
  const standing = standingsOf(record.state);
  const rows = Object.values(record.state.experiments)
    .filter((row) => !isRemeasurement(row))
    .sort((a, b) => a.seq - b.seq);
  return rows.flatMap((row) => {
    const spec = specs.get(row.nodeId);
    return spec ? [historyEntry(row, spec, record, standing(row.nodeId))] : [];
  });
}

function historyEntry(row: ExperimentRow, spec: Spec, record: RunRecord, { objective }: Standing): HistoryEntry {
  const { state } = row;
  return {
    nodeId: row.nodeId,
    kind: row.kind,
    status: isTerminal(row) ? (state.status as TerminalStatus) : 'open',
    spec: { ...spec, goto: row.startCommit },
    commit: commitOf(row),
    parentId: row.parentId,
    result:
      state.status === 'completed'
        ? {
            metrics: state.metrics,
            sources: state.sources,
            findings: heldFindings(record, row.nodeId),
            ...(state.noEffect === undefined ? {} : { noEffect: state.noEffect }),
          }
        : null,
    objective,
    ...(row.judged ? { judged: row.judged } : {}),
    failure: 'failure' in state ? state.failure : null,
    durationS: 'durationS' in state ? state.durationS : null,
    isBest: record.state.best === row.nodeId,
  };
}

/** Measurements of the baseline, the best and the newest completed runs, by node id. */
export async function evidenceFor(workdir: Workdir, record: RunRecord): Promise<Record<string, Evidence>> {
  const newest = record.ended
    .filter(({ nodeId }) => {
      const row = record.state.experiments[nodeId];
      return row !== undefined && !isRemeasurement(row);
    })
    .slice(-NEWEST)
    .map(({ nodeId }) => nodeId);
  const wanted = new Set([BASELINE_ID, MTP_ID, ...newest, ...(record.state.best ? [record.state.best] : [])]);
  const found: Record<string, Evidence> = {};
  for (const nodeId of wanted) {
    const evidence = (await readJsonIfWhole(workdir.evidence(nodeId))) as Evidence | null;
    if (evidence !== null) found[nodeId] = evidence;
  }
  return found;
}
