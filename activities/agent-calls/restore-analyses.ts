/** analysis.md of experiments that have lost theirs: the agent's reply as it is kept, or else what was measured. */
import { existsSync } from 'node:fs';
import { CallRecord } from '../../agents/call-record.js';
import { parseAnalysis } from '../../agents/parse-reply.js';
import { type Result, remarksOf } from '../../domain/evidence/metrics.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import type { ExperimentRow } from '../../domain/run/experiment-record.js';
import { noAnalysis, writtenAnalysis } from '../../domain/verdict/analysis-result.js';
import { writeFileAtomic } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';

/** Node ids. */
export interface RestoredAnalyses {
  /** As the agent wrote them. */
  restored: string[];
  /** No reply is there any more, or none was ever of use. */
  numbers_only: string[];
}

export async function restoreAnalyses(workdir: Workdir, record: RunRecord): Promise<RestoredAnalyses> {
  const calls = new CallRecord(workdir);
  const answer: RestoredAnalyses = { restored: [], numbers_only: [] };
  for (const { nodeId } of record.ended) {
    const row = record.state.experiments[nodeId];
    const result = row && resultOf(record, row);
    const file = workdir.run(nodeId, 'analysis.md');
    if (!result || existsSync(file)) continue;
    const reply = await replyTo(calls, `analyze_${nodeId}`);
    (reply === null ? answer.numbers_only : answer.restored).push(nodeId);
    await writeFileAtomic(file, reply === null ? noAnalysis(result) : writtenAnalysis(nodeId, reply));
  }
  return answer;
}

/** A question whose first reply was refused has a second one. */
async function replyTo(calls: CallRecord, key: string): Promise<string | null> {
  for (const asked of [`${key}_retry`, key]) {
    const text = (await calls.answer(await calls.open(asked, '')))?.text;
    if (text !== undefined && parseAnalysis(text).ok) return text;
  }
  return null;
}

function resultOf(record: RunRecord, { nodeId, state }: ExperimentRow): Result | null {
  if (state.status !== 'completed') return null;
  const { metrics, sources } = state;
  return { metrics, sources, findings: record.findings.get(nodeId) ?? [], ...remarksOf(state) };
}
