/**
 * The result of an experiment: what was measured, and what the agent said where nothing was. Improvement and rank are
 * computed, never taken.
 */
import { isBetter, objectiveOf, objectiveOfRow, speedup } from '../belief/compare.js';
import { disturbances } from '../belief/contention.js';
import type { Evidence } from '../evidence/evidence.js';
import { type Metrics, NUMERIC_METRICS, type NumericMetric, type Result } from '../evidence/metrics.js';
import type { AnalysisReply } from '../formats/agent-replies.js';
import { type EngineState, rowOf } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';

const FINDINGS = 12;
const FINDING_LENGTH = 400;
const STAGE_LENGTH = 200;
const NOTES_LENGTH = 2000;
/** Far above what any pipeline reaches, in samples a second or in milliseconds. */
const LARGEST = 1e9;

/** Of what is only measured again. */
export const NOT_ASKED = 'not asked';
/** What results are compared by is never taken on an agent's word: unmeasured, it stays unknown. */
const COMPARED: ReadonlySet<NumericMetric> = new Set(['throughput_samples_per_s', 'steady_step_time_ms']);

/** Merges what was measured with what the agent said; improvement and rank are computed, never taken. */
export function resultFrom(
  state: EngineState,
  nodeId: string,
  evidence: Evidence,
  answer: AnalysisReply | typeof NOT_ASKED | null,
  noEffect: string | null = null,
): Result {
  const reply = answer === NOT_ASKED ? null : answer;
  const metrics: Metrics = { ...evidence.metrics };
  const sources = { ...evidence.sources };
  for (const name of NUMERIC_METRICS) {
    const said = reply?.metrics[name] ?? null;
    if (metrics[name] !== null || said === null || COMPARED.has(name) || !isPlausible(name, said)) continue;
    metrics[name] = said;
    sources[name] = 'reported';
  }
  metrics.bottleneck_stage = reply?.metrics.bottleneck_stage?.slice(0, STAGE_LENGTH) ?? metrics.bottleneck_stage;
  metrics.notes = reply?.metrics.notes?.slice(0, NOTES_LENGTH) ?? metrics.notes;
  const objective = objectiveOf(metrics, evidence.durationS ?? null);
  const baseline = nodeId === BASELINE_ID ? objective : objectiveOfRow(state.experiments[BASELINE_ID]);
  const factor = speedup(objective, baseline);
  metrics.improvement_vs_baseline_pct = factor === null ? null : Number(((factor - 1) * 100).toFixed(2));
  if (factor === null) delete sources.improvement_vs_baseline_pct;
  else sources.improvement_vs_baseline_pct = 'derived';
  const { kind } = rowOf(state, nodeId);
  const isCandidate = kind !== 'headspace' && kind !== 'repeat';
  metrics.is_best_so_far =
    isCandidate && isBetter(objective, state.best === null ? null : objectiveOfRow(state.experiments[state.best]));
  const said =
    answer === NOT_ASKED
      ? []
      : (reply?.findings ?? ['The agent gave no usable analysis; the numbers are the measured ones.']);
  const [disturbance] = disturbances(evidence.system);
  if (noEffect !== null)
    metrics.notes = `${noEffect}${metrics.notes ? `; ${metrics.notes}` : ''}`.slice(0, NOTES_LENGTH);
  const findings = [...(noEffect === null ? [] : [`${nodeId}: ${noEffect}.`]), ...evidence.findings, ...said]
    .slice(0, FINDINGS)
    .map((finding) => finding.slice(0, FINDING_LENGTH));
  return {
    metrics,
    sources,
    findings,
    ...(nodeId === BASELINE_ID && evidence.notices?.length
      ? { notices: evidence.notices.slice(0, FINDINGS).map((notice) => notice.slice(0, FINDING_LENGTH)) }
      : {}),
    ...(evidence.doubt === undefined ? {} : { doubt: evidence.doubt }),
    ...(noEffect === null ? {} : { noEffect }),
    ...(evidence.shortened === undefined ? {} : { shortened: evidence.shortened }),
    ...(evidence.unclearRate !== undefined && objective?.metric === 'throughput_samples_per_s'
      ? { unclearRate: evidence.unclearRate.slice(0, FINDING_LENGTH) }
      : {}),
    ...(disturbance ? { contention: disturbance.share } : {}),
    ...(evidence.steps.noise === undefined ? {} : { stepNoise: evidence.steps.noise }),
  };
}

/** Whether an agent's own number could be one at all. */
function isPlausible(name: NumericMetric, value: number): boolean {
  return Number.isFinite(value) && value >= 0 && value <= (name.endsWith('_pct') ? 100 : LARGEST);
}

/** analysis.md as an agent wrote it: before anything was repeated, so that it must not be taken for the verdict. */
export function writtenAnalysis(nodeId: string, text: string): string {
  return `> Written by the agent after the first run of ${nodeId}. What the engine decided since stands in summary.md.\n\n${text}`;
}

/** analysis.md where no agent says anything. */
export function noAnalysis(result: Result): string {
  return `No analysis by an agent. Measured:\n\n\`\`\`json\n${JSON.stringify(result, null, 2)}\n\`\`\`\n`;
}
