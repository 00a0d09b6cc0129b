/**
 * The playbook's analysis of one run: by the rules for reading stage statistics, in words, with the measured numbers.
 */

import type { AnalyzeTask } from '../agents/agent.js';
import { type Objective, objectiveOf, speedup } from '../domain/belief/compare.js';
import { flagsOf } from '../domain/command/launch-command.js';
import type { Ranks } from '../domain/evidence/evidence.js';
import { type Metrics, NUMERIC_METRICS } from '../domain/evidence/metrics.js';
import { judgedText, lagSentence, rankTable } from '../domain/memory/rank-sentences.js';
import { readingOf } from '../domain/memory/run-reading.js';
import { type Diagnosis, diagnose } from '../domain/memory/stage-rules.js';
import { diagnosisSentences, milliseconds, shareText } from '../domain/memory/stage-sentences.js';
import { comparedText, foretoldIn } from '../domain/model/foretold.js';
import { numberText } from '../domain/reports/quantity-text.js';
import { BASELINE_ID } from '../domain/run/experiment-record.js';
import { jsonBlock } from './rewrite-answer.js';

/** Less than this, relatively, is not told apart from noise. */
const TELLABLE = 0.02;
const CEILING_REACHED = 1.03;
/** A cached loop that waits for more than this share of a step did not run from its cache. */
const STILL_WAITS = 0.2;

export function analysisAnswer(task: AnalyzeTask): string {
  const { evidence, spec } = task;
  const threads = Number(flagsOf(spec.launch_command).get('--num-threads'));
  const diagnosis = diagnose(readingOf(evidence, Number.isInteger(threads) && threads > 0 ? threads : null));
  const verdict = verdictOf(task);
  const meaning = task.kind === 'headspace' ? [] : diagnosisSentences(diagnosis);
  const remaining = remainingHeadspace(task);
  const predicted = foretoldIn(spec);
  const own = measured(task);
  const compared = predicted && own ? comparedText(predicted, own) : null;
  const lag = evidence.ranks ? lagSentence(evidence.ranks) : null;
  const notes = evidence.findings.filter((finding) => finding !== lag);
  const sections = [
    `# ${spec.name}`,
    spec.change_summary ? `Change: ${spec.change_summary}` : '',
    spec.hypothesis ? `Hypothesis: ${spec.hypothesis}` : '',
    `## Verdict\n\n${verdict}`,
    compared === null ? '' : `## Prediction\n\n${compared}`,
    meaning.length > 0 ? `## What limits this run\n\n${meaning.map((sentence) => `- ${sentence}`).join('\n')}` : '',
    stageTable(diagnosis, evidence.ranks ? ` (${judgedText(evidence.ranks)})` : ''),
    evidence.ranks ? rankSection(evidence.ranks) : '',
    remaining ? `## Remaining headspace\n\n${remaining}` : '',
    notes.length > 0 ? `## Notes on the measurement\n\n${notes.map((note) => `- ${note}`).join('\n')}` : '',
  ].filter((section) => section !== '');
  const findings = [`${spec.name}: ${verdict}`, ...meaning.slice(0, 2), ...(remaining ? [remaining] : [])];
  return `${sections.join('\n\n')}\n\n${jsonBlock({ metrics: replyMetrics(task, diagnosis), findings })}`;
}

function measured({ evidence }: AnalyzeTask): Objective | null {
  return objectiveOf(evidence.metrics, evidence.durationS ?? null);
}

function verdictOf(task: AnalyzeTask): string {
  const own = measured(task);
  if (!own) return 'Nothing was measured that could be compared.';
  const figure = inWords(own);
  const versusBaseline = speedup(own, task.baseline && objectiveOf(task.baseline, null));
  if (task.kind === 'baseline') return `The baseline runs at ${figure}.`;
  if (versusBaseline === null) return `It ran at ${figure}; there is no comparable baseline.`;
  if (task.kind === 'headspace') {
    const { fetchMs, stepMs } = task.evidence.steps;
    if (fetchMs !== null && stepMs !== null && fetchMs > STILL_WAITS * stepMs) {
      return `The loop ran at ${figure}, and still waited for data ${shareText(fetchMs / stepMs)} of a step: this is not yet the speed of the model alone.`;
    }
    return versusBaseline <= CEILING_REACHED
      ? `With cached data the loop runs at ${figure}, ${signed(versusBaseline)} against the baseline: the model’s compute is the limit, and faster loading cannot help.`
      : `With cached data the loop runs at ${figure}, ${versusBaseline.toFixed(2)} times the baseline: this much loading may cost at most.`;
  }
  const { start, best } = task;
  const versus = (other: typeof best) => speedup(own, other && objectiveOf(other.metrics, null));
  const [versusStart, versusBest] = [versus(start), versus(best)];
  // A hypothesis is about what the change does to the code that it was made on.
  const isOnOther = start !== null && start.nodeId !== BASELINE_ID && start.nodeId !== best?.nodeId;
  const figures = [
    `${signed(versusBaseline)} against the baseline`,
    ...(versusStart === null || !isOnOther
      ? []
      : [`${signed(versusStart)} against ${start.nodeId}, which it builds on`]),
    ...(versusBest === null || best === null ? [] : [`${signed(versusBest)} against the best so far (${best.nodeId})`]),
  ];
  const last = figures.length > 1 ? ` and ${figures.pop()}` : '';
  return `${judgement(versusStart ?? versusBest ?? versusBaseline)}: ${figure}, ${figures.join(', ')}${last}.`;
}

/** Of one run, the first: whether it is really so is decided later, by repeats. */
function judgement(factor: number): string {
  if (factor >= 1 + TELLABLE) return 'This run is faster, as the hypothesis says; one run confirms nothing yet';
  return factor <= 1 - TELLABLE
    ? 'The hypothesis does not hold, this run is slower'
    : 'The change makes no difference that can be told from noise in this run';
}

function inWords({ metric, value }: Objective): string {
  if (metric === 'throughput_samples_per_s') return `${value.toFixed(1)} samples/s`;
  if (metric === 'steady_step_time_ms') return `${value.toFixed(2)} ms a step`;
  return metric === 'duration_s' ? `${value.toFixed(1)} s in all` : `${numberText(value)} ${metric}`;
}

function signed(factor: number): string {
  const change = (factor - 1) * 100;
  return `${change >= 0 ? '+' : ''}${change.toFixed(1)}%`;
}

function remainingHeadspace(task: AnalyzeTask): string | null {
  if (task.kind === 'headspace') return null;
  const left = speedup(task.headspace && objectiveOf(task.headspace, null), measured(task));
  if (left === null) return null;
  const { fetchMs, stepMs } = task.evidence.steps;
  const waits = fetchMs !== null && stepMs !== null && fetchMs > STILL_WAITS * stepMs;
  if (left <= CEILING_REACHED && waits)
    return 'It is no slower than the headspace run, yet its loop still waits for data: headspace was measured too low.';
  if (left < 1 / CEILING_REACHED)
    return `The run is ${(1 / left).toFixed(2)} times as fast as with cached data: headspace was measured too low, or the run does less work.`;
  if (left <= CEILING_REACHED) return 'The run is as fast as with cached data: nothing is left to gain from loading.';
  return `With cached data the loop runs ${left.toFixed(2)} times as fast as in this run; that much is left at most.`;
}

function rankSection(ranks: Ranks): string {
  const lag = lagSentence(ranks);
  const whose = lag === null ? 'The ranks are alike.' : `${lag[0]!.toUpperCase()}${lag.slice(1)}.`;
  return `## Ranks\n\n${whose}\n\n${rankTable(ranks)}`;
}

function stageTable({ stages }: Diagnosis, whose: string): string {
  if (stages.length === 0) return '';
  const time = (seconds: number | null) => (seconds === null ? '–' : milliseconds(seconds));
  const share = (value: number | null) => (value === null ? '–' : shareText(value));
  const rows = stages.map(({ stage, utilisation, bestItemS, condition }) =>
    [
      stage.function,
      String(stage.concurrency),
      time(stage.aveTimeS),
      time(bestItemS),
      share(utilisation),
      stage.qps === null ? '–' : stage.qps.toFixed(1),
      share(stage.occupationRate),
      time(stage.putS),
      time(stage.getS),
      stage.isSink ? 'sink' : condition,
    ]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | '),
  );
  return [
    `## Stages${whose}\n`,
    '| stage | concurrency | time a task | time an item at best | busy | items/s | output queue holds an item | put wait | get wait | state |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** The parsers' numbers as they are; only the interpretation is added. */
function replyMetrics(task: AnalyzeTask, diagnosis: Diagnosis) {
  const { metrics } = task.evidence;
  const own = measured(task);
  const versusBaseline =
    task.kind === 'baseline' ? (own ? 1 : null) : speedup(own, task.baseline && objectiveOf(task.baseline, null));
  const versusBest = speedup(own, task.best && objectiveOf(task.best.metrics, null));
  const numbers = Object.fromEntries(NUMERIC_METRICS.map((name) => [name, metrics[name]]));
  return {
    ...numbers,
    bottleneck_stage: bottleneckName(diagnosis) ?? metrics.bottleneck_stage,
    improvement_vs_baseline_pct: versusBaseline === null ? null : Number(((versusBaseline - 1) * 100).toFixed(2)),
    is_best_so_far: task.kind === 'headspace' ? false : versusBest === null ? null : versusBest > 1,
    notes: `limit: ${diagnosis.limit}`,
  } satisfies Partial<Record<keyof Metrics, unknown>>;
}

function bottleneckName({ limit, bottleneck }: Diagnosis): string | null {
  if (bottleneck) return bottleneck.stage.function;
  return limit === 'compute' ? 'model_compute' : limit === 'source' ? 'source' : null;
}
