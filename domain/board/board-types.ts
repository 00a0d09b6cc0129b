/**
 * What the web page is told of a run, as plain data: numbers that are compared or drawn, and texts that are shown as
 * they stand. Imports nothing, because the page's own code in the browser reads these types too.
 */

export type Look = 'improved' | 'unconfirmed' | 'no_gain' | 'pruned' | 'cancelled' | 'failed' | 'running' | 'queued';

/** The whole run at one moment. */
export interface Board {
  run: string;
  /** Number of the newest event; 0 before the first. */
  seq: number;
  facts: BoardFacts;
  rows: BoardRow[];
  /** What is stuck, failing or in doubt, the worst first. */
  diagnostics: DiagnosticRow[];
  running: RunningRow[];
  /** What waits for a person's yes or no. */
  asked: AskedRow[];
  queue: QueueRow[];
  plans: PlanRow[];
}

export interface BoardFacts {
  status: 'setup' | 'running' | 'paused' | 'interrupted' | 'draining' | 'stopped';
  /** Why it stopped or drains; '' while it does neither. */
  why: string;
  planning: boolean;
  startedAtMs: number;
  updatedAtMs: number;
  metricName: string;
  baseline: Figure | null;
  best: (Figure & { gain: string; interval: string | null; isBaseline: boolean; isProvisional: boolean }) | null;
  headspace: Figure | null;
  headspaceText: string;
  /** Share of the way from the baseline to the ceiling, 0 to 1; null where one of them is unknown. */
  reached: number | null;
  /** Planning rounds in a row without a gain, and how many end the run, in words. */
  plateau: string;
  /** Planning rounds that have begun, and how many may, in words. */
  rounds: string;
  counts: { name: string; value: number }[];
  budget: { text: string; share: number | null }[];
  /** What the planner would have tried and could not, with the reason of each. */
  unreached: string[];
  /** What is still to come, and how long that takes; '' where nobody knows. */
  toCome: string;
  /** When a person is asked, in words; '' when never. */
  approval: string;
  asksFor: 'none' | 'plans' | 'edits';
  /** Of the newest results, the newest first. */
  findings: { nodeId: string; text: string }[];
  noise: string | null;
}

export interface Figure {
  nodeId: string;
  text: string;
}

/** An experiment in the table. Repeats are counted with what they repeat and have no row. */
export interface BoardRow {
  nodeId: string;
  kind: string;
  look: Look;
  /** Its status or its verdict, in words. */
  status: string;
  isBest: boolean;
  /** Parent in the hypothesis tree. */
  parentId: string | null;
  /** The compared metric; null while it is unknown. */
  value: number | null;
  valueText: string;
  /** The same without its unit, which all rows have alike. */
  numberText: string;
  /** Times the baseline; null for the baseline itself and while one of the two is unknown. */
  gain: number | null;
  gainText: string;
  stepMs: number | null;
  readyPct: number | null;
  smPct: number | null;
  durationS: number | null;
  /** Seconds from the run's start; null while it is open. */
  endedS: number | null;
}

export interface DiagnosticRow {
  level: 'stuck' | 'failing' | 'doubt' | 'note';
  what: string;
  why: string;
  advice: string;
}

export interface RunningRow {
  nodeId: string;
  step: string;
  jobId: string | null;
  sinceMs: number;
  /** How long its job should take; null where nothing tells, and before the job. */
  expectedMs: number | null;
}

export interface AskedRow {
  nodeId: string;
  /** What is asked about: the plan, or the code that was made of it. */
  stage: 'plans' | 'edits';
  sinceMs: number;
  description: string;
  hypothesis: string;
  /** Against its parent, which it names where that is not the baseline. */
  change: string;
}

export interface QueueRow {
  nodeId: string;
  status: string;
  kind: string;
  priority: number;
  change: string;
  /** What it is expected to bring, as the reason for its place. */
  why: string;
}

export interface PlanRow {
  iteration: number;
  action: string;
  reasoning: string;
  accepted: string[];
  refused: { name: string; reason: string }[];
  failure: string | null;
}

/** All that is known of one experiment. */
export interface ExperimentPage {
  nodeId: string;
  name: string;
  kind: string;
  look: Look;
  status: string;
  isBest: boolean;
  parentId: string | null;
  children: string[];
  origin: string;
  hypothesis: string;
  description: string;
  change: string;
  tags: string[];
  launchCommand: string;
  commit: string | null;
  jobId: string | null;
  /** Its value with what it is worth: gain, interval and verdict. */
  standing: { value: string; gain: string; interval: string | null; verdict: string | null; reason: string | null };
  /** What makes its numbers doubtful, or says that they mean nothing. */
  remarks: string[];
  failure: { kind: string; phase: string; message: string; action: string } | null;
  metrics: MetricTable;
  repeats: { nodeId: string; purpose: string; value: string; status: string }[];
  timeline: Span[];
  cost: { what: string; text: string }[];
  findings: string[];
  pipelines: PipelineBars[];
  limits: string[];
}

/** The same metrics of several experiments side by side. */
export interface MetricTable {
  columns: { nodeId: string; title: string }[];
  rows: MetricRow[];
}

export interface MetricRow {
  name: string;
  /** Null where more is neither better nor worse. */
  better: 'higher' | 'lower' | null;
  cells: MetricCell[];
}

export interface MetricCell {
  text: string;
  /** Against the first column. */
  change: string;
  isBetter: boolean | null;
  /** What `change` is told from; null where nothing is compared. */
  value: number | null;
  /** Samples in the step whose time it tells; absent where it tells of no step, and where that is not known. */
  stepSamples?: number;
}

/** One part of an experiment's life. */
export interface Span {
  name: string;
  beginMs: number;
  /** Null while it lasts. */
  endMs: number | null;
}

/** The stages of one SPDL pipeline, from its source to its sink. */
export interface PipelineBars {
  pipeline: number;
  stages: StageBar[];
}

export interface StageBar {
  name: string;
  concurrency: number;
  /** The least time that the stage needs for an item, ms: the longer, the slower the pipeline can be at best. */
  itemMs: number | null;
  /** Share of its tasks at a time that are busy, 0 to 1. */
  busy: number | null;
  /** Share of time in which its output queue held an item, 0 to 1. */
  queue: number | null;
  taskText: string;
  rateText: string;
  condition: string;
  isBottleneck: boolean;
}
