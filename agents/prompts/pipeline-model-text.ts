/**
 * What a model of the pipeline, fitted over all jobs of the run, says to planners: how long a task of each stage takes
 * with others in flight, which stage bounds, and what joint settings it predicts to be best.
 */
import { objectiveOf } from '../../domain/belief/compare.js';
import { milliseconds } from '../../domain/memory/stage-sentences.js';
import { bestSetting, type Reach } from '../../domain/model/best-setting.js';
import type { JointSetting } from '../../domain/model/operating-point.js';
import { fitModel, type PipelineModel } from '../../domain/model/pipeline-model.js';
import { boundBy, predictionOf, ratesOf } from '../../domain/model/prediction.js';
import { taskTimes } from '../../domain/model/service-curve.js';
import type { PlanTask } from '../agent.js';

const SHOWN_TASKS = [1, 2, 4, 8, 16, 32];
const SETTINGS_MOST = 3;
/** Beyond what was tried, a setting is predicted up to so many times that. */
const GROWTH = 4;
const TASKS_MOST = 64;
const THREADS_MOST = 16;

/** Empty where no stage of the best's pipeline was timed. */
export function pipelineModelText({ points = {}, bestNodeId, history }: PlanTask): string {
  const reference = points[bestNodeId ?? ''] ?? Object.values(points)[0];
  if (!reference) return '';
  const model = fitModel({ points: Object.values(points), reference, cachedStepS: cachedStepS(history) });
  const bound = boundBy(model, reference.setting);
  return [
    `A model of the pipeline, fitted over ${model.points.length} of the run's jobs (predictions, not measurements; hold your proposals against it, and turn several values at once where stages hold each other up):`,
    ...model.facts.stages.map(({ stage, hasOwnExecutor }) => stageText(stage, hasOwnExecutor, model)),
    `- At ${settingText(reference.setting)} (${reference.nodeId}) ${bound === null ? 'the training step or something shared bounds' : `\`${bound}\` bounds`}.`,
    ...bestTexts(model, reference.setting),
  ].join('\n');
}

function cachedStepS(history: PlanTask['history']): number | null {
  const headspace = history.find(({ kind, status }) => kind === 'headspace' && status === 'completed');
  const measured = headspace?.result ? objectiveOf(headspace.result.metrics, null) : null;
  return measured?.metric === 'throughput_samples_per_s' ? 1 / measured.value : null;
}

function stageText(stage: string, hasOwnExecutor: boolean, { curves, points }: PipelineModel): string {
  const times = taskTimes(curves[stage]!.curves[0]!);
  const measured = points.map((point) => point.stages.find((each) => each.stage === stage)!);
  const range = measured.map(({ inFlight }) => inFlight);
  const shown = SHOWN_TASKS.map((tasks) => `${tasks}: ${milliseconds(times[tasks - 1]!)}`);
  return `- \`${stage}\`${hasOwnExecutor ? ' (executor of its own)' : ''}: a task takes, with so many at a time, about ${shown.join(', ')}; measured with ${Math.min(...range).toFixed(1)} to ${Math.max(...range).toFixed(1)}`;
}

function bestTexts(model: PipelineModel, reference: JointSetting): string[] {
  const most = (limit: number, tried: readonly number[]) => Math.min(limit, GROWTH * Math.max(1, ...tried));
  const reach: Reach = {
    stages: model.facts.stages.map(({ stage }) => ({
      stages: [stage],
      least: 1,
      most: most(
        TASKS_MOST,
        model.points.map(({ setting }) => setting.tasks[stage] ?? 1),
      ),
    })),
    threads: { least: 1, most: Math.max(THREADS_MOST, reference.threads ?? 0) },
    buffer: null,
  };
  const rates = ratesOf(model, reference);
  const seen = new Set(model.points.map(({ setting }) => JSON.stringify(setting.tasks)));
  const texts: string[] = [];
  let had = rates.map(() => 1);
  while (texts.length < SETTINGS_MOST) {
    const isOpen = ({ tasks }: JointSetting) => !seen.has(JSON.stringify(tasks));
    const found = bestSetting(model, reference, reach, had, isOpen);
    if (!found) break;
    const { ratio, low, high } = predictionOf(found.ratios);
    texts.push(
      `- ${texts.length === 0 ? 'Most promising' : 'Beside it'}: ${settingText(found.setting)}, predicted ${ratio.toFixed(2)} times as fast (19 of 20 results from ${low.toFixed(2)} to ${high.toFixed(2)})`,
    );
    seen.add(JSON.stringify(found.setting.tasks));
    had = had.map((value, k) => Math.max(value, found.ratios[k]!));
  }
  return texts;
}

function settingText({ tasks, threads }: JointSetting): string {
  const stages = Object.entries(tasks).map(([stage, count]) => `\`${stage}\` ${count}`);
  return `${stages.join(', ')} at a time${threads === null ? '' : `, ${threads} threads`}`;
}
