/** The reports of a run: report.md by rules (domain/reports/report-text), and final_report.md as its agent wrote it. */
import { readFile } from 'node:fs/promises';
import type { RunConfig } from '../domain/formats/config.js';
import type { Spec } from '../domain/formats/spec.js';
import { comparisonLines } from '../domain/reports/headline.js';
import { heldText } from '../domain/reports/held-claims.js';
import { section } from '../domain/reports/markdown.js';
import { runReport } from '../domain/reports/report-text.js';
import { runFacts } from '../domain/reports/run-facts.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { applyLines } from '../domain/reports/winner/winner.js';
import { writeFileAtomic } from '../host/atomic-file.js';
import type { Workdir } from './paths.js';
import { readSpecs } from './spec-store.js';

export async function writeReport(workdir: Workdir, config: RunConfig, record: RunRecord): Promise<void> {
  const specs = new Map<string, Spec>();
  await readSpecs(workdir, config, record.state, Object.keys(record.state.experiments), specs);
  await writeFileAtomic(workdir.report, runReport(record, specs, config));
}

/**
 * Begins with what was compared and ends with how the best is taken over, which an agent may leave out; what it claims
 * is held against the verdicts.
 */
export async function writeFinalReport(workdir: Workdir, { state }: RunRecord, byAgent: string): Promise<void> {
  const facts = runFacts(state);
  const held = heldText(state, byAgent);
  const apply = held.includes('autoresearch apply') ? [] : section('## Taking it over', applyLines(state, facts));
  const lines = [...comparisonLines(facts), held.trimEnd(), ...apply];
  await writeFileAtomic(workdir.finalReport, `${lines.join('\n')}\n`);
}

/** Where the agent gave none, the report by rules stands in its place. */
export async function copyReport(workdir: Workdir): Promise<void> {
  await writeFileAtomic(workdir.finalReport, await readFile(workdir.report, 'utf8'));
}
