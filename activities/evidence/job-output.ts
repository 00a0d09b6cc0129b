/**
 * Reads what a job printed, line by line, keeping only what matters: `[autoresearch]` lines and SPDL's own stage lines.
 * Lines may come from several ranks, from several epochs, throttled, in either stream, torn.
 */
import type { CustomValues } from './custom-values.js';
import { measuredNumber, type Refusals } from './measured-number.js';
import { type QueueSample, spdlLogSample, type TaskSample } from './stage-samples.js';
import type { ProcessSamples } from './stage-statistics.js';

/** One `step=` line; it stands for the steps `first` to `last`. Milliseconds. */
export interface StepLine {
  first: number;
  last: number;
  stepMs: number | null;
  fetchMs: number | null;
  computeMs: number | null;
}

/** Single numbers that a job may print; the last of each counts, but for the time to first batch. */
const SINGLE = ['cpu_cores', 'ttfb_s', 'init_time_s', 'throughput_samples_per_s', 'batch_size', 'world_size'] as const;
type Single = (typeof SINGLE)[number];

const MARK = '[autoresearch]';
const PAIR = /([a-z][a-z0-9_]*)=(\S+)/gi;
/** A longer line is not one of ours; looking through it would only cost time. */
const LINE_LIMIT = 4096;
/** Steps beyond this are thinned by keeping every second, so that memory stays bounded. */
const STEPS_KEPT = 100_000;
const LINES_SHOWN_FIRST = 40;
const LINES_SHOWN_LAST = 160;

export class JobOutput {
  readonly singles: Partial<Record<Single, number>> = {};
  readonly steps: StepLine[] = [];
  /** The first and last of the lines that matter, for a reader. */
  private readonly shownFirst: string[] = [];
  private shownLast: string[] = [];
  private omitted = 0;
  private offset = 0;
  private lastStep = 0;
  private lastOrdinal = 0;
  private previousOrdinal = 0;
  private order = 0;
  private readonly tasks = new Map<string, TaskSample>();
  private readonly queues = new Map<string, QueueSample>();

  constructor(
    private readonly refusals: Refusals,
    /** Of the run's own metric; null where it has none. */
    readonly custom: CustomValues | null = null,
  ) {}

  readLine(line: string): void {
    if (line.length > LINE_LIMIT) return;
    this.custom?.readLine(line);
    const at = line.indexOf(MARK);
    if (at >= 0) {
      this.show(line);
      this.readMark(line.slice(at + MARK.length));
      return;
    }
    const sample = spdlLogSample(line, this.order++);
    if (!sample) return;
    this.show(line);
    // SPDL's last line about a stage is its total.
    if ('task' in sample) this.tasks.set(sample.task.name, sample.task);
    else this.queues.set(sample.queue.name, sample.queue);
  }

  /** Statistics from SPDL's log; weaker than the probe's, because they contain the warm-up. */
  spdlSamples(): ProcessSamples {
    return { tasks: [...this.tasks.values()], queues: [...this.queues.values()] };
  }

  shownLines(): string[] {
    const gap = this.omitted > 0 ? [`… ${this.omitted} lines more …`] : [];
    return [...this.shownFirst, ...gap, ...this.shownLast];
  }

  private readMark(text: string): void {
    const pairs = new Map([...text.matchAll(PAIR)].map(([, key, value]) => [key!.toLowerCase(), value!]));
    if (pairs.has('step')) this.readStep(pairs);
    for (const name of SINGLE) {
      const value = measuredNumber(pairs.get(name), name, this.refusals);
      if (value === null || (name === 'ttfb_s' && this.singles.ttfb_s !== undefined)) continue;
      if (value === 0 && name !== 'ttfb_s' && name !== 'init_time_s') continue;
      this.singles[name] = value;
    }
  }

  private readStep(pairs: Map<string, string>): void {
    const step = measuredNumber(pairs.get('step'), 'step', this.refusals);
    if (step === null || !Number.isInteger(step) || step > Number.MAX_SAFE_INTEGER / 4) return;
    // A new epoch counts again from the start; another rank's line is only a little behind.
    if (step < this.lastStep / 2 && this.lastStep > 1) this.offset = this.lastOrdinal;
    this.lastStep = step;
    const ordinal = this.offset + step;
    if (ordinal > this.lastOrdinal) {
      this.previousOrdinal = this.lastOrdinal;
      this.lastOrdinal = ordinal;
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
    this.steps.push(line);
    if (this.steps.length > STEPS_KEPT) this.thinSteps();
  }

  private thinSteps(): void {
    const kept = this.steps.filter((_, i) => i % 2 === 0);
    this.steps.splice(0, this.steps.length, ...kept);
  }

  private show(line: string): void {
    if (this.shownFirst.length < LINES_SHOWN_FIRST) {
      this.shownFirst.push(line);
      return;
    }
    this.shownLast.push(line);
    if (this.shownLast.length >= 2 * LINES_SHOWN_LAST) {
      this.omitted += this.shownLast.length - LINES_SHOWN_LAST;
      this.shownLast = this.shownLast.slice(-LINES_SHOWN_LAST);
    }
  }
}
