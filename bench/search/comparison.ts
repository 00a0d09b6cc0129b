/**
 * The playbook's search beside Optuna's TPE and random search, on the same pipelines with the same noise. Pure, but for
 * the searchers.
 */
import { percentile } from '../../domain/belief/steady-state.js';
import { bestPossible } from './best-possible.js';
import { CASES, type Case, randomCase } from './cases.js';
import { BUDGET, type Searcher } from './searchers.js';
import { operate, seeded } from './simulated-pipeline.js';

const SEEDS = 20;
/** Enough that a rule which fits the cases by chance shows itself. */
const RANDOM_PIPELINES = 60;
const NEAR = 0.95;
/** No measurement is without noise, whatever the case says. */
const LEAST_NOISE = 0.02;
/** The goal: this share of TPE's experiments, and of those that the rules need. */
const GOAL_SHARE = 1 / 3;
const GOAL_OF_RULES = 2 / 3;

/** `rules`: the playbook without its model of the pipeline. */
export type SearcherName = 'playbook' | 'rules' | 'tpe' | 'random';
const SEARCHERS: readonly SearcherName[] = ['playbook', 'rules', 'tpe', 'random'];
export type Searchers = Record<SearcherName, Searcher>;

/** Experiments of each search, in the order of the seeds; null where none within the budget came near. */
export interface Row {
  name: string;
  experiments: Record<SearcherName, (number | null)[]>;
}

interface Task {
  name: string;
  /** One search each: the case and the seed of its noise. */
  searches: { each: Case; seed: number }[];
}

/** Every case with twenty seeds, and random pipelines that nobody chose, each with a seed of its own. */
export function tasks(): Task[] {
  const chosen = CASES.map(({ pipeline, start }): Task => {
    const each = { pipeline: { ...pipeline, noise: Math.max(LEAST_NOISE, pipeline.noise) }, start };
    return { name: pipeline.name, searches: seeds().map((seed) => ({ each, seed })) };
  });
  return [...chosen, { name: 'random pipelines', searches: randomSearches() }];
}

function seeds(): number[] {
  return Array.from({ length: SEEDS }, (_, i) => i + 1);
}

function randomSearches(): Task['searches'] {
  const random = seeded(11);
  const searches: Task['searches'] = [];
  while (searches.length < RANDOM_PIPELINES) {
    const each = randomCase(random, LEAST_NOISE);
    const { pipeline, start } = each;
    // Only pipelines that leave something to find.
    if (operate(pipeline, start).rate < 0.9 * bestPossible(pipeline, start))
      searches.push({ each, seed: searches.length + 1 });
  }
  return searches;
}

export async function rowOf({ name, searches }: Task, searchers: Searchers): Promise<Row> {
  const row: Row = { name, experiments: { playbook: [], rules: [], tpe: [], random: [] } };
  const targets = new Map<Case, number>();
  for (const { each, seed } of searches) {
    const target = targets.get(each) ?? NEAR * bestPossible(each.pipeline, each.start);
    targets.set(each, target);
    for (const searcher of Object.keys(searchers) as SearcherName[])
      row.experiments[searcher].push(await searchers[searcher](each, seed, target));
  }
  return row;
}

/** A search that did not come near counts as the whole budget: at least so many it would have needed. */
function counts(row: Row, searcher: SearcherName): number[] {
  return row.experiments[searcher].map((count) => count ?? BUDGET);
}

function total(rows: readonly Row[], searcher: SearcherName): number {
  return rows.flatMap((row) => counts(row, searcher)).reduce((sum, count) => sum + count, 0);
}

const median = (row: Row, searcher: SearcherName) => percentile(counts(row, searcher), 0.5)!;
const worst = (row: Row, searcher: SearcherName) => Math.max(...counts(row, searcher));

/** What the goal asks for and is not so, in sentences; none when it is met. */
export function missedGoals(rows: readonly Row[]): string[] {
  const share = total(rows, 'playbook') / total(rows, 'tpe');
  const ofRules = total(rows, 'playbook') / total(rows, 'rules');
  return [
    ...(ofRules > GOAL_OF_RULES
      ? [`with its model the playbook needs ${ofRules.toFixed(2)} of what its rules need`]
      : []),
    ...(share > GOAL_SHARE ? [`the playbook needs ${share.toFixed(2)} of TPE's experiments, not a third`] : []),
    ...rows.flatMap((row) =>
      ([median, worst] as const).flatMap((figure) => {
        const [own, other] = [figure(row, 'playbook'), figure(row, 'tpe')];
        return own > other ? [`${row.name}: the playbook's ${figure.name} is ${own}, TPE's ${other}`] : [];
      }),
    ),
    ...rows.flatMap((row) => {
      const never = row.experiments.playbook.filter((count) => count === null).length;
      return never > 0
        ? [`${row.name}: ${never} of ${row.experiments.playbook.length} searches of the playbook never came near`]
        : [];
    }),
  ];
}

export function comparisonTable(rows: readonly Row[]): string {
  const figures = (row: Row, searcher: SearcherName) => {
    const never = row.experiments[searcher].filter((count) => count === null).length;
    const cells = `${median(row, searcher)} / ${worst(row, searcher)}`;
    return (never > 0 ? `${cells} (${never} never)` : cells).padEnd(24);
  };
  const line = (name: string, ...cells: string[]) =>
    `${name.padEnd(18)}${cells.map((cell) => cell.padEnd(24)).join('')}`.trimEnd();
  const searches = rows.reduce((sum, row) => sum + row.experiments.playbook.length, 0);
  const ahead = rows.flatMap((row) =>
    counts(row, 'playbook').filter((count, i) => count > counts(row, 'tpe')[i]!),
  ).length;
  return [
    `Experiments after the baseline until within ${Math.round((1 - NEAR) * 100)}% of the best possible: median / worst, at most ${BUDGET}`,
    line('', 'playbook', 'its rules alone', "Optuna's TPE", 'random'),
    ...rows.map((row) => line(row.name, ...SEARCHERS.map((searcher) => figures(row, searcher)))),
    line('all together', ...SEARCHERS.map((each) => String(total(rows, each)))),
    `With its model the playbook needs ${(total(rows, 'playbook') / total(rows, 'rules')).toFixed(2)} of what its rules need.`,
    `The playbook needs ${(total(rows, 'playbook') / total(rows, 'tpe')).toFixed(2)} of TPE's experiments; TPE was ahead in ${ahead} of ${searches} single searches.`,
  ].join('\n');
}
