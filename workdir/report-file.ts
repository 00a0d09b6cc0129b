/** report.md: the deterministic report of a run (domain/reports/report-text), written beside the agent's own. */
import type { RunConfig } from '../domain/formats/config.js';
import type { Spec } from '../domain/formats/spec.js';
import { finalReport } from '../domain/reports/report-text.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { writeFileAtomic } from '../host/atomic-file.js';
import type { Workdir } from './paths.js';
import { readSpecs } from './spec-store.js';

export async function writeReport(workdir: Workdir, config: RunConfig, record: RunRecord): Promise<void> {
  const specs = new Map<string, Spec>();
  await readSpecs(workdir, config, record.state, Object.keys(record.state.experiments), specs);
  await writeFileAtomic(workdir.report, finalReport(record, specs, config));
}
