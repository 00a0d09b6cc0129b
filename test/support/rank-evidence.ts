/** Evidence of made-up jobs of several ranks, from what they would print and what the probe would write. */
import { JobOutput } from '../../domain/evidence/job-output.js';
import { type JobFiles, measure } from '../../domain/evidence/measure.js';
import { Refusals } from '../../domain/evidence/measured-number.js';
import { readMetricTable } from '../../domain/evidence/metric-table.js';

type Process = JobFiles['processes'][number];

export function evidenceOf(lines: readonly string[], processes: Process[] = []) {
  const refusals = new Refusals();
  const [stdout, stderr] = [new JobOutput(refusals), new JobOutput(refusals)];
  for (const line of lines) stdout.readLine(line);
  const files = { system: null, gpuOthers: null, batchSize: null, ranks: 1, durationS: null, findings: [] };
  return measure('000_baseline', { stdout, stderr, ...files, processes }, refusals);
}

/** Twenty seconds of a pipeline: `decodeMs` a task, four at a time, and what the sink holds and the loop waits for. */
export function processOf(
  who: { rank?: number; pid?: number },
  { decodeMs = 20, ready = 0.9, waitMs = 1, itemsPerS = 50 } = {},
): Process {
  const tasks = ['time_s\tname\tnum_tasks\tnum_failures\tave_time'];
  const queues = ['time_s\tname\telapsed\tnum_items\tqps\tput\tget\toccupation_rate\tsink'];
  for (let second = 0; second < 20; second++) {
    tasks.push(`${second}\tpipeline:0:1:decode[4]\t${itemsPerS}\t0\t${decodeMs / 1000}`);
    queues.push(`${second}\tpipeline:0:0:src[1]\t1\t${itemsPerS}\t0\t0\t0\t0.95\t0`);
    queues.push(`${second}\tpipeline:0:1:decode[4]\t1\t${itemsPerS}\t0\t0\t0\t${ready}\t0`);
    queues.push(`${second}\tpipeline:0:2:sink[1]\t1\t${itemsPerS}\t0\t0\t${waitMs / 1000}\t${ready}\t1`);
  }
  return { ...who, tasks: table(tasks), queues: table(queues) };
}

function table(lines: string[]) {
  return readMetricTable(`${lines.join('\n')}\n`);
}

/** Lines of ranks that print in turn; milliseconds by rank. */
export function steps(stepMs: number[], more: { fetchMs?: number[]; who?: (rank: number) => string } = {}): string[] {
  const { fetchMs, who = (rank) => ` rank=${rank}` } = more;
  return Array.from({ length: 30 }, (_, at) =>
    stepMs.map((ms, rank) => {
      const fetch = fetchMs ? ` fetch_time_ms=${fetchMs[rank]} compute_time_ms=${ms - fetchMs[rank]!}` : '';
      return `[autoresearch] step=${at + 1} step_time_ms=${ms}${fetch}${who(rank)}`;
    }),
  ).flat();
}

export const FOUR = [0, 1, 2, 3];
