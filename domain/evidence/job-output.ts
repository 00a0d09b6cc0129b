/**
 * Reads what a job printed, line by line, keeping only what matters: `[autoresearch]` lines and SPDL's own stage lines.
 * Lines may come from several ranks, from several epochs, throttled, in either stream, torn.
 */

import type { CustomValues } from './custom-values.js';
import { type KeptResults, keptResults } from './kept-results.js';
import type { Refusals } from './measured-number.js';
import { OutputEnding } from './output-ending.js';
import { type Spoken, spoken, withoutColours } from './printed-line.js';
import { NOBODY, ProcessLines, type Speaker, type StepLine } from './process-lines.js';
import { type QueueSample, spdlLogSample, type TaskSample } from './stage-samples.js';
import type { ProcessSamples } from './stage-statistics.js';

const MARK = '[autoresearch]';
const PAIR = /([a-z][a-z0-9_]*)=(\S+)/gi;
/** A longer line is not one of ours; looking through it would only cost time. */
const LINE_LIMIT = 4096;
/** More processes than any job has: what calls itself so is one of the last. */
const PROCESSES_KEPT = 4096;
/** More stages than any pipeline has. */
const STAGES_KEPT = 256;
const LINES_SHOWN_FIRST = 40;
const LINES_SHOWN_LAST = 160;

export class JobOutput {
  /** By label, pid or rank; '' are all lines that have none. */
  private readonly speakers = new Map<string, ProcessLines>();
  private lineNumber = 0;
  /** The first and last of the lines that matter, for a reader. */
  private readonly shownFirst: string[] = [];
  private shownLast: string[] = [];
  private omitted = 0;
  private order = 0;
  /** How it ended, for the comparison with others; SPDL's stages end in any order. */
  readonly ending = new OutputEnding();
  /** By stage: the last that each told. */
  private readonly caches = new Map<string, KeptResults>();
  /** Of SPDL's log, by label. */
  private readonly logged = new Map<string, { tasks: Map<string, TaskSample>; queues: Map<string, QueueSample> }>();

  constructor(
    private readonly refusals: Refusals,
    /** Of the run's own metric; null where it has none. */
    readonly custom: CustomValues | null = null,
  ) {}

  readLine(printed: string): void {
    if (printed.length > LINE_LIMIT) return;
    const line = withoutColours(printed);
    this.lineNumber += 1;
    this.custom?.readLine(line);
    const at = line.indexOf(MARK);
    if (at >= 0) {
      this.show(line);
      this.readMark(spoken(line), line.slice(at + MARK.length));
      return;
    }
    const sample = spdlLogSample(line, this.order++);
    if (!sample) {
      this.ending.readLine(spoken(line).text);
      return;
    }
    this.show(line);
    const who = spoken(line).by ?? '';
    const own = this.logged.get(who) ?? { tasks: new Map(), queues: new Map() };
    if (this.logged.size < PROCESSES_KEPT) this.logged.set(who, own);
    // SPDL's last line about a stage is its total.
    if ('task' in sample) own.tasks.set(sample.task.name, sample.task);
    else own.queues.set(sample.queue.name, sample.queue);
  }

  /** The processes that told of steps or of a rate, in the order of their first lines. */
  processes(): ProcessLines[] {
    const all = [...this.speakers.values()];
    const training = all.filter(
      ({ steps, singles }) => steps.length > 0 || singles.throughput_samples_per_s !== undefined,
    );
    return training.length > 0 ? training : all.slice(0, 1);
  }

  /** What anybody said; of what is said of one process, the last. */
  get singles(): ProcessLines['singles'] {
    return Object.assign({}, ...[...this.speakers.values()].map(({ singles }) => singles));
  }

  /** Of the process that told most; a job seldom has several. */
  get steps(): readonly StepLine[] {
    return this.processes().reduce<readonly StepLine[]>(
      (most, { steps }) => (steps.length > most.length ? steps : most),
      [],
    );
  }

  /** What caches of stages told of themselves. */
  kept(): KeptResults[] {
    return [...this.caches.values()];
  }

  /** Statistics from SPDL's log; weaker than the probe's, because they contain the warm-up. */
  spdlSamples(): ProcessSamples[] {
    return [...this.logged.values()].map(({ tasks, queues }) => ({
      tasks: [...tasks.values()],
      queues: [...queues.values()],
    }));
  }

  shownLines(): string[] {
    const gap = this.omitted > 0 ? [`… ${this.omitted} lines more …`] : [];
    return [...this.shownFirst, ...gap, ...this.shownLast];
  }

  private readMark({ by, rank }: Spoken, text: string): void {
    const pairs = new Map([...text.matchAll(PAIR)].map(([, key, value]) => [key!.toLowerCase(), value!]));
    const kept = keptResults(pairs);
    if (kept !== null) {
      if (this.caches.size < STAGES_KEPT || this.caches.has(kept.stage)) this.caches.set(kept.stage, kept);
      return;
    }
    const isOfOne = pairs.has('step') || pairs.has('throughput_samples_per_s');
    // Two hosts may have one pid, and a label that one of each host has: together they name the process.
    const own = pairs.get('pid') ?? (pairs.has('rank') ? `rank${pairs.get('rank')}` : '');
    const named = [by ?? '', own].join(' ').trim();
    // What is said once, without a name, is said for all.
    const who = isOfOne || this.speakers.has(named) ? named : '';
    let speaker = this.speakers.get(who);
    if (speaker === undefined) {
      if (this.speakers.size >= PROCESSES_KEPT) return;
      const [pid, told] = [pairs.get('pid'), pairs.get('rank')].map(wholeNumber);
      const is: Speaker = who === '' ? NOBODY : { label: by, pid: pid ?? null, rank: told ?? rank };
      speaker = new ProcessLines(this.refusals, is, this.lineNumber);
      this.speakers.set(who, speaker);
    }
    speaker.read(pairs, this.lineNumber);
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

function wholeNumber(text: string | undefined): number | null {
  const digits = /^(\d{1,10})[,;)\]}]*$/.exec(text ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}
