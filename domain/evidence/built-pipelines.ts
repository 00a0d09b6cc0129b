/**
 * The pipelines of a job, told apart: SPDL numbers those of each process from 0, so that a pipeline in a subprocess and
 * the one in front of it share a number. Here each gets its own, and those of processes that do the same keep one.
 */
import type { BuiltPipeline } from './evidence.js';
import type { Refusals } from './measured-number.js';
import { measuredNumber } from './measured-number.js';
import type { MetricTable } from './metric-table.js';
import { parseStageName } from './stage-name.js';
import type { ProcessSamples } from './stage-statistics.js';

const SETTINGS = ['concurrency', 'executor', 'batch_size', 'buffer'] as const;

/** What one process built, by SPDL's own numbers. */
export function builtPipelines(table: MetricTable, refusals: Refusals): BuiltPipeline[] {
  const found = new Map<number, BuiltPipeline>();
  for (const row of table.rows) {
    const number = measuredNumber(row.get('pipeline'), 'pipelines pipeline', refusals);
    const value = measuredNumber(row.get('value'), 'pipelines value', refusals);
    if (number === null || value === null) continue;
    const built = found.get(number) ?? { pipeline: number, threads: null, settings: [] };
    found.set(number, built);
    const setting = SETTINGS.find((name) => name === row.get('setting'));
    if (row.get('setting') === 'threads') built.threads = value;
    else if (setting) built.settings.push({ stage: row.get('stage') ?? '', setting, value });
  }
  return [...found.values()];
}

/** The samples with numbers that are the job's own. */
export function numbered(processes: readonly ProcessSamples[]): ProcessSamples[] {
  const taken: { number: number; was: number; shape: Set<string> }[] = [];
  return processes.map((process) => {
    const shapes = shapesOf(process);
    const numbers = new Map<number, number>();
    for (const [was, shape] of [...shapes].sort(([a], [b]) => a - b)) {
      const same = taken.find((other) => other.was === was && isPartOf(shape, other.shape));
      const number = same?.number ?? freeNumber(was, taken);
      if (same) for (const stage of shape) same.shape.add(stage);
      else taken.push({ number, was, shape });
      numbers.set(was, number);
    }
    return {
      tasks: process.tasks.map((sample) => ({ ...sample, name: renamed(sample.name, numbers) })),
      queues: process.queues.map((sample) => ({ ...sample, name: renamed(sample.name, numbers) })),
      built: (process.built ?? []).map((each) => ({ ...each, pipeline: numbers.get(each.pipeline) ?? each.pipeline })),
    };
  });
}

/** Stages by place and function, of each pipeline of a process. */
function shapesOf({ tasks, queues }: ProcessSamples): Map<number, Set<string>> {
  const shapes = new Map<number, Set<string>>();
  for (const { name } of [...tasks, ...queues]) {
    const parsed = parseStageName(name);
    if (!parsed) continue;
    const shape = shapes.get(parsed.pipeline) ?? new Set<string>();
    shapes.set(parsed.pipeline, shape.add(`${parsed.index}:${parsed.function}`));
  }
  return shapes;
}

/** A process that ended early has not spoken of each of its stages. */
function isPartOf(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].every((stage) => other.has(stage)) || [...other].every((stage) => one.has(stage));
}

function freeNumber(wanted: number, taken: readonly { number: number; was: number }[]): number {
  const used = taken.flatMap(({ number, was }) => [number, was]);
  return used.includes(wanted) ? Math.max(...used) + 1 : wanted;
}

function renamed(name: string, numbers: ReadonlyMap<number, number>): string {
  return name.replace(/^((?:pipeline:)?)(\d+):/, (whole, lead: string, was: string) => {
    const number = numbers.get(Number(was));
    return number === undefined ? whole : `${lead}${number}:`;
  });
}
