/** What the jobs of a run told of its pipeline, for the model of it: all jobs, repeats pooled with what they repeat. */
import type { Evidence } from '../domain/evidence/evidence.js';
import { type OperatingPoint, operatingPoint, pooledPoint } from '../domain/model/operating-point.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { BASELINE_ID } from '../domain/run/experiment-record.js';
import { readJsonIfWhole } from '../host/atomic-file.js';
import type { Workdir } from '../workdir/paths.js';

/** Of the newest so many experiments, and the baseline: what was long ago is far from where the run is now. */
const NEWEST = 200;

/** Of what has ended, by node id; null where a job told nothing. Evidence never changes: none is read twice. */
export type KnownPoints = Map<string, OperatingPoint | null>;

/** By the node id of the experiment. Reads what `known` lacks into it. */
export async function pointsFor(
  workdir: Workdir,
  { state }: RunRecord,
  known: KnownPoints = new Map(),
): Promise<Record<string, OperatingPoint>> {
  const { experiments } = state;
  const repeats = state.confirmation?.repeats ?? {};
  const again = new Set(Object.values(repeats).flat());
  const ended = Object.values(experiments).filter((row) => row.state.status === 'completed');
  const own = ended.filter(({ nodeId, kind }) => kind !== 'headspace' && !again.has(nodeId));
  const wanted = new Set([BASELINE_ID, ...own.slice(-NEWEST).map(({ nodeId }) => nodeId)]);
  const found: Record<string, OperatingPoint> = {};
  for (const nodeId of wanted) {
    const points: OperatingPoint[] = [];
    for (const id of [nodeId, ...(repeats[nodeId] ?? [])]) {
      if (experiments[id]?.state.status !== 'completed') continue;
      if (!known.has(id)) known.set(id, await pointOf(workdir, id));
      points.push(...[known.get(id)].flatMap((point) => point ?? []));
    }
    if (points.length > 0) found[nodeId] = { ...pooledPoint(points), nodeId };
  }
  return found;
}

async function pointOf(workdir: Workdir, nodeId: string): Promise<OperatingPoint | null> {
  const evidence = (await readJsonIfWhole(workdir.evidence(nodeId))) as Evidence | null;
  return evidence && operatingPoint(evidence);
}
