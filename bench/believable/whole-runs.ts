/**
 * Whole runs with known truth, decided by the policies that the engine uses, in simulated time: a planner stacks
 * changes on the best of its time, most of which bring nothing, some 5 to 20%, and a few make the job several times as
 * fast.
 */
import type { ConfirmationRules } from '../../domain/belief/confirmation-state.js';
import { provenBest } from '../../domain/belief/proven-gain.js';
import { confirmedAtEnd } from '../../domain/belief/provisional.js';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { type EngineState, initialState, rowOf } from '../../domain/run/engine-state.js';
import type { EventBody } from '../../domain/run/event-types.js';
import { commitOf, type ExperimentIdentity, followUpNodeId, SEEDS } from '../../domain/run/experiment-record.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { nextMove } from '../../domain/schedule/planned-moves.js';
import { planningVerdict } from '../../domain/schedule/planning.js';
import { consequencesOf, dueEvents } from '../../domain/verdict/consequences.js';
import { type Random, seeded } from '../search/simulated-pipeline.js';

export interface RunWorld {
  /** Relative standard deviation of one run. */
  noise: number;
  slots: number;
  /** Experiments of the search, seeds included. */
  experiments: number;
  planS: number;
  /** Of the changes, those that bring 5 to 20%, and those that bring 2 to 4 times. */
  gains: number;
  leaps: number;
  /** Share of jobs that run 35% too fast, for a reason that does not come again. */
  flukes: number;
  /** Share of the changes that bring 0.3 to 1.5%. */
  small: number;
  /** Rounds without a gain after which a run ends. */
  patience: number;
}

export interface RunResult {
  jobs: number;
  repeats: number;
  hours: number;
  /** When the best of the end was measured first. */
  bestHours: number;
  /** True speed of the best, times the baseline, and what is said of it. */
  speed: number;
  told: number;
  provisional: number;
  refuted: number;
  superseded: number;
  bundles: number;
  /** Kept, and no faster than what it was kept over. */
  falselyKept: number;
  kept: number;
}

const BASE_JOB_S = 60;
const PER_PLAN = 4;
const STEPS_SHOW = 0.5;
const TYPICAL_LOSS = 0.05;
const FLUKE = 0.3;

export function simulateRun(world: RunWorld, rules: Partial<ConfirmationRules>, seed: number): RunResult {
  const run = new SimulatedRun(world, rules, seeded(seed * 7919 + 29));
  return run.result();
}

class SimulatedRun {
  readonly state: EngineState = initialState('demo');
  private readonly speeds = new Map<string, number>();
  private readonly ends: { atS: number; act: () => void }[] = [];
  private readonly kept: { nodeId: string; against: string | null }[] = [];
  private readonly counts = { provisional: 0, refuted: 0, superseded: 0 };
  /** Of what is proposed, in its order: the same whatever decides. */
  private readonly gains: number[];
  private atS = 0;
  private jobs = 0;

  constructor(
    private readonly world: RunWorld,
    rules: Partial<ConfirmationRules>,
    private readonly random: Random,
  ) {
    this.gains = Array.from({ length: world.experiments }, () => gainOf(world, random));
    const limits = {
      ...DEFAULT_LIMITS,
      maxConcurrency: world.slots,
      maxExperiments: world.experiments,
      maxIterations: 1000,
      patience: world.patience,
    };
    const confirmation = {
      calibrationRuns: 2,
      confirmRuns: 1,
      verifyRuns: 2,
      minImprovement: null,
      weighsOdds: true as const,
      ...rules,
    };
    this.tell({ type: 'run_started', run: 'demo', limits });
    const repair = { retries: 0, experiments: [] };
    const commits = { anchorCommit: 'a0', baseCommit: 'b0' };
    this.tell({ type: 'setup_completed', ...commits, practices: [], repair, confirmation });
    for (const seed of SEEDS) {
      this.speeds.set(seed.nodeId, seed.kind === 'headspace' ? Math.log(1e6) : 0);
      this.tell({ type: 'experiment_added', experiment: { ...seed, changeSet: [seed.kind] } });
    }
  }

  result(): RunResult {
    while (this.step());
    const { state } = this;
    this.tell(...confirmedAtEnd(state));
    const best = state.best ?? '000_baseline';
    const row = rowOf(state, best).state;
    const speedOf = (nodeId: string | null) => this.speeds.get(nodeId ?? '') ?? 0;
    return {
      jobs: this.jobs,
      repeats: Object.values(state.experiments).filter(({ kind }) => kind === 'repeat').length,
      hours: this.atS / 3600,
      bestHours: row.status === 'completed' ? row.completedAtMs / 3_600_000 : 0,
      speed: Math.exp(speedOf(best)),
      told: 1 + (provenBest(state)?.gain.gain ?? 0),
      ...this.counts,
      bundles: Object.values(state.experiments).filter(({ origin }) => origin.from === 'bundle').length,
      kept: this.kept.length,
      falselyKept: this.kept.filter(({ nodeId, against }) => speedOf(nodeId) < speedOf(against) + 0.001).length,
    };
  }

  /** Decides as the engine does, then lets time pass until something ends; false once the run is over. */
  private step(): boolean {
    const { state } = this;
    for (let due = dueEvents(state); due.length > 0; due = dueEvents(state)) this.tell(...due);
    for (let move = nextMove(state, this.world.slots); move; move = nextMove(state, this.world.slots)) {
      if (move.do === 'start') this.prepare(move.nodeId);
      else this.launch(move.nodeId, move.slot);
    }
    const verdict = planningVerdict(state);
    if (verdict.do === 'plan') this.plan();
    if (verdict.do === 'end' && state.open.length === 0) return false;
    const next = this.ends.sort((a, b) => a.atS - b.atS).shift();
    if (!next) throw new Error(`nothing happens any more: ${JSON.stringify([verdict, state.open])}`);
    this.atS = next.atS;
    next.act();
    return true;
  }

  private tell(...events: EventBody[]): void {
    for (const event of events) {
      if (event.type === 'candidate_judged') {
        const { verdict, against } = event.judgement;
        const wasProvisional = rowOf(this.state, event.nodeId).judged?.verdict === 'provisional';
        if (verdict === 'keep') this.kept.push({ nodeId: event.nodeId, against });
        else if (verdict === 'refuted' || verdict === 'superseded') this.counts[verdict] += 1;
        else if (verdict === 'provisional' && !wasProvisional) this.counts.provisional += 1;
      }
      if (event.type === 'experiment_added') this.putTogether(event.experiment);
      applyEvent(this.state, { seq: this.state.seq + 1, atMs: Math.round(this.atS * 1000), ...event });
    }
  }

  /** A bundle brings what its parts bring. */
  private putTogether({ nodeId, origin, parentId }: ExperimentIdentity): void {
    if (origin.from !== 'bundle') return;
    const speedOf = (id: string | null) => this.speeds.get(id ?? '') ?? 0;
    const gains = origin.of.map((part) => speedOf(part) - speedOf(rowOf(this.state, part).parentId));
    this.speeds.set(
      nodeId,
      gains.reduce((sum, gain) => sum + gain, speedOf(parentId)),
    );
  }

  private prepare(nodeId: string): void {
    const { origin, startCommit } = rowOf(this.state, nodeId);
    const commit = origin.from === 'repeat' ? (startCommit ?? 'b0') : `c_${nodeId}`;
    this.tell({ type: 'experiment_preparing', nodeId }, { type: 'experiment_prepared', nodeId, commit });
  }

  private launch(nodeId: string, slot: number): void {
    this.jobs += 1;
    const launchedAtMs = Math.round(this.atS * 1000);
    this.tell({ type: 'slot_granted', nodeId, slot }, { type: 'job_launched', nodeId, jobId: nodeId, launchedAtMs });
    const { origin } = rowOf(this.state, nodeId);
    const speed = this.speeds.get(origin.from === 'repeat' ? origin.of : nodeId) ?? 0;
    const durationS = BASE_JOB_S * (0.3 + 0.7 / Math.exp(speed));
    this.ends.push({ atS: this.atS + durationS, act: () => this.end(nodeId, speed, durationS) });
  }

  private end(nodeId: string, speed: number, durationS: number): void {
    const value =
      100 * Math.exp(speed + this.world.noise * normal(this.random) + (this.random() < this.world.flukes ? FLUKE : 0));
    const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: value };
    const stepNoise = STEPS_SHOW * this.world.noise;
    this.tell({ type: 'job_ended', nodeId, durationS });
    this.tell({ type: 'experiment_completed', nodeId, result: { metrics, sources: {}, findings: [], stepNoise } });
    this.tell(...consequencesOf(this.state, nodeId));
  }

  private plan(): void {
    const { state } = this;
    const iteration = state.iteration + 1;
    this.tell({ type: 'planning_started', iteration });
    const base = rowOf(state, state.best ?? '000_baseline');
    this.ends.push({ atS: this.atS + this.world.planS, act: () => this.answer(iteration, base.nodeId) });
  }

  private answer(iteration: number, parentId: string): void {
    const { state, world } = this;
    const accepted: string[] = [];
    for (let index = 0; index < Math.min(PER_PLAN, world.experiments - state.nextCounter - 1); index += 1) {
      const nodeId = followUpNodeId(state.nextCounter, 'x');
      this.speeds.set(nodeId, (this.speeds.get(parentId) ?? 0) + (this.gains.shift() ?? 0));
      const experiment: ExperimentIdentity = {
        nodeId,
        name: nodeId,
        kind: 'planned',
        origin: { from: 'plan', iteration, index },
        parentId,
        startCommit: commitOf(rowOf(state, parentId)),
        priority: 0,
        changeSet: [`${nodeId}=1`],
        byCode: true,
        tags: [],
      };
      this.tell({ type: 'experiment_added', experiment });
      accepted.push(nodeId);
    }
    const said = { action: 'launch', reasoning: '', refused: [], notApplicable: [] } as const;
    const tookMs = 1000 * world.planS;
    this.tell({ type: 'plan_received', iteration, ...said, refused: [], notApplicable: [], accepted, tookMs });
  }
}

function gainOf({ gains, leaps, small }: RunWorld, random: Random): number {
  const chance = random();
  const size = random();
  if (chance < leaps) return Math.log(2 + 2 * size);
  if (chance < leaps + gains) return Math.log1p(0.05 + 0.15 * size);
  if (chance < leaps + gains + small) return Math.log1p(0.003 + 0.012 * size);
  return size < 0.5 ? 0 : -Math.abs(TYPICAL_LOSS * normal(random));
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const RUNS = 40;
const WORLDS: readonly [string, Pick<RunWorld, 'noise' | 'flukes'>][] = [
  ['0.5% noise', { noise: 0.005, flukes: 0 }],
  ['0.5% noise, 5% of jobs by chance 35% too fast', { noise: 0.005, flukes: 0.05 }],
  ['5% noise', { noise: 0.05, flukes: 0 }],
  ['20% noise', { noise: 0.2, flukes: 0 }],
];

const COMMON = { experiments: 40, gains: 0.15, leaps: 0.03, small: 0, patience: 1000 };

export function wholeRunsReport(): string {
  return [wholeRuns(), smallGains()].join('\n');
}

/** Of a pipeline that hardly anything makes faster: most runs of such end for want of gains. */
function smallGains(): string {
  return [0.005, 0.02]
    .flatMap((noise) => {
      const few = { gains: 0.03, leaps: 0, small: 0.35, patience: 5, experiments: 120 };
      const world: RunWorld = { noise, flukes: 0, slots: 1, planS: 0.1, ...few };
      return [
        `${100 * noise}% noise, 3% gains and 35% small ones, ends after ${world.patience} rounds without a gain (${RUNS} runs)`,
        row('goes on', world, TODAY),
        row('bundles small gains', world, { ...TODAY, bundlesSmallGains: true }),
      ];
    })
    .join('\n');
}

const BEFORE = { goesOnUndecided: true, heedsChildren: true, watchesDrift: true } as const;
const TODAY = {
  ...BEFORE,
  weighsRepeats: true,
  verifiesAsNeeded: true,
  verifiesUntilClose: true,
  expectsLargeGains: true,
} as const;

function wholeRuns(): string {
  return WORLDS.flatMap(([name, noise]) =>
    [1, 4].flatMap((slots) =>
      [0.1, 120].flatMap((planS) => {
        const world: RunWorld = { ...noise, ...COMMON, slots, planS };
        const planner = planS < 1 ? 'a planner that answers at once' : `a planner that takes ${planS} s`;
        return [
          `${name}, ${slots === 1 ? '1 slot' : `${slots} slots`}, ${planner} (${world.experiments} experiments, ${RUNS} runs)`,
          row('waits until it is decided', world, {}),
          row('goes on', world, { goesOnUndecided: true }),
          row('with children, sentinels', world, BEFORE),
          row('weighs repeats', world, TODAY),
        ];
      }),
    ),
  ).join('\n');
}

function row(name: string, world: RunWorld, rules: Partial<ConfirmationRules>): string {
  const all = Array.from({ length: RUNS }, (_, seed) => simulateRun(world, rules, seed + 1));
  const sum = (of: (each: RunResult) => number) => all.reduce((total, each) => total + of(each), 0);
  const mean = (of: (each: RunResult) => number, digits: number) => (sum(of) / RUNS).toFixed(digits).padStart(5);
  return [
    `  ${name.padEnd(26)}`,
    `jobs ${mean((each) => each.jobs, 1)}`,
    `repeats ${mean((each) => each.repeats, 1)}`,
    `hours ${mean((each) => each.hours, 2)}, best after ${mean((each) => each.bestHours, 2)}`,
    `gain (log) ${mean((each) => Math.log(each.speed), 2)}`,
    `told / true ${mean((each) => each.told / each.speed, 3)}`,
    `provisional ${mean((each) => each.provisional, 1)}`,
    `refuted ${mean((each) => each.refuted, 2)}`,
    `superseded ${mean((each) => each.superseded, 1)}`,
    `bundles ${mean((each) => each.bundles, 2)}`,
    `false of kept ${(
      (100 * sum((each) => each.falselyKept)) /
        Math.max(
          1,
          sum((each) => each.kept),
        )
    ).toFixed(1)}%`,
  ].join('   ');
}
