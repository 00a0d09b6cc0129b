/** report.md: the deterministic report of a run (domain/reports/final-report), written beside the agent's own. */
import type { RunConfig } from '../domain/formats/config.js';
import type { Spec } from '../domain/formats/spec.js';
import { finalReport } from '../domain/reports/final-report.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { writeFileAtomic } from './atomic-file.js';
import { readSpecs } from './spec-store.js';
import type { Workdir } from './workdir.js';

export async function writeReport(workdir: Workdir, config: RunConfig, record: RunRecord): Promise<void> {
  const specs = new Map<string, Spec>();
  await readSpecs(workdir, config, record.state, Object.keys(record.state.experiments), specs);
  await writeFileAtomic(workdir.report, finalReport(record, specs, config));
}
