/** What the stages of a job's pipelines did, from source to sink: how long an item takes, and how busy each was. */
import type { Evidence } from '../evidence/evidence.js';
import { lagSentence } from '../memory/rank-sentences.js';
import { readingOf } from '../memory/run-reading.js';
import { type Diagnosis, diagnose, type StageReading } from '../memory/stage-rules.js';
import { diagnosisSentences, milliseconds } from '../memory/stage-sentences.js';
import { numberText } from '../reports/quantity-text.js';
import type { PipelineBars, StageBar } from './board-types.js';

export interface StageReport {
  pipelines: PipelineBars[];
  /** What limits the job, a sentence each. */
  limits: string[];
}

/** `numThreads` as the launch command says it; null where it does not. */
export function stageReport(evidence: Evidence, numThreads: number | null): StageReport {
  if (evidence.stages.length === 0) return { pipelines: [], limits: [] };
  const diagnosis = diagnose(readingOf(evidence, numThreads));
  const lag = evidence.ranks ? lagSentence(evidence.ranks) : null;
  const pipelines = new Map<number, StageBar[]>();
  for (const reading of diagnosis.stages) {
    const bars = pipelines.get(reading.stage.pipeline) ?? [];
    pipelines.set(reading.stage.pipeline, [...bars, barOf(reading, diagnosis)]);
  }
  return {
    pipelines: [...pipelines].map(([pipeline, stages]) => ({ pipeline, stages })),
    limits: [...(lag === null ? [] : [sentence(lag)]), ...diagnosisSentences(diagnosis)],
  };
}

function barOf(reading: StageReading, { bottleneck }: Diagnosis): StageBar {
  const { stage, bestItemS, utilisation, condition } = reading;
  return {
    name: stage.function,
    concurrency: stage.concurrency,
    itemMs: bestItemS === null ? null : bestItemS * 1000,
    busy: utilisation,
    queue: stage.occupationRate,
    taskText: stage.aveTimeS === null ? '' : `${milliseconds(stage.aveTimeS)} a task`,
    rateText: stage.qps === null ? '' : `${numberText(stage.qps)} items/s`,
    condition,
    isBottleneck: reading === bottleneck,
  };
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
