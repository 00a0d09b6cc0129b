/** The `[autoresearch]` lines of one process of a job, or of all that do not say which process printed them. */
import { measuredNumber, type Refusals } from './measured-number.js';

/** One `step=` line; it stands for the steps `first` to `last`. Milliseconds. */
export interface StepLine {
  first: number;
  last: number;
  stepMs: number | null;
  fetchMs: number | null;
  computeMs: number | null;
}

/** Who printed a line, as far as it says. */
export interface Speaker {
  /** What launchers put in front of it. */
  label: string | null;
  pid: number | null;
  /** As `rank=` says; else as the label does. */
  rank: number | null;
}

export const NOBODY: Speaker = { label: null, pid: null, rank: null };

/** Single numbers that a job may print; the last of each counts, but for the time to first batch. */
const SINGLE = [
  'cpu_cores',
  'ttfb_s',
  'init_time_s',
  'throughput_samples_per_s',
  'batch_size',
  'world_size',
  'sample_count',
] as const;
export type Single = (typeof SINGLE)[number];

/** Steps beyond this are thinned by keeping every second, so that memory stays bounded. */
const STEPS_KEPT = 100_000;

export class ProcessLines {
  readonly singles: Partial<Record<Single, number>> = {};
  readonly steps: StepLine[] = [];
  /** Of all step lines, thinned ones included. */
  stepLines = 0;
  /** Lines that were the first of their step. */
  newSteps = 0;
  /** The last step's number, over all epochs. */
  stepCount = 0;
  private offset = 0;
  private lastStep = 0;
  private previousOrdinal = 0;

  constructor(
    private readonly refusals: Refusals,
    readonly speaker: Speaker,
    /** The number of its first line in its stream, and of its last. */
    readonly firstLine: number,
    public lastLine = firstLine,
  ) {}

  read(pairs: ReadonlyMap<string, string>, line: number): void {
    this.lastLine = line;
    if (pairs.has('step')) this.readStep(pairs);
    for (const name of SINGLE) {
      const value = measuredNumber(pairs.get(name), name, this.refusals);
      if (value === null || (name === 'ttfb_s' && this.singles.ttfb_s !== undefined)) continue;
      if (value === 0 && name !== 'ttfb_s' && name !== 'init_time_s') continue;
      this.singles[name] = value;
    }
  }

  private readStep(pairs: ReadonlyMap<string, string>): void {
    const step = measuredNumber(pairs.get('step'), 'step', this.refusals);
    if (step === null || !Number.isInteger(step) || step > Number.MAX_SAFE_INTEGER / 4) return;
    // A new epoch counts again from the start; another rank's line is only a little behind.
    if (step < this.lastStep / 2 && this.lastStep > 1) this.offset = this.stepCount;
    this.lastStep = step;
    const ordinal = this.offset + step;
    const isNew = ordinal > this.stepCount;
    if (ordinal > this.stepCount) {
      this.previousOrdinal = this.stepCount;
      this.stepCount = ordinal;
    }
    const number = (key: string) => measuredNumber(pairs.get(key), key, this.refusals);
    const line = {
      first: Math.min(this.previousOrdinal + 1, ordinal),
      last: ordinal,
      stepMs: number('step_time_ms'),
      fetchMs: number('fetch_time_ms'),
      computeMs: number('compute_time_ms'),
    };
    if (line.stepMs === null && line.fetchMs === null && line.computeMs === null) return;
    this.stepLines += 1;
    if (isNew) this.newSteps += 1;
    this.steps.push(line);
    if (this.steps.length > STEPS_KEPT) this.thinSteps();
  }

  /**
   * Of everybody who printed them. Lines that name nobody may be those of several processes, of which one lags: its
   * steps then look like those of a new epoch, or are nothing new, so that its lines are what tells how many it made.
   */
  get allSteps(): number {
    if (this.speaker !== NOBODY || this.newSteps === this.stepLines) return this.stepCount;
    return this.stepLines * usualSpan(this.steps);
  }

  private thinSteps(): void {
    const kept = this.steps.filter((_, i) => i % 2 === 0);
    this.steps.splice(0, this.steps.length, ...kept);
  }
}

/** How many steps a line stands for, by the median of those that were the first of their step. */
function usualSpan(lines: readonly StepLine[]): number {
  let furthest = 0;
  const spans = lines.flatMap(({ first, last }) => {
    if (last <= furthest) return [];
    furthest = last;
    return [last - first + 1];
  });
  return spans.sort((a, b) => a - b)[Math.floor((spans.length - 1) / 2)] ?? 1;
}
