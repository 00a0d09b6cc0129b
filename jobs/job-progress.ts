/** The steps that a job printed so far, or that one which has ended printed last. */
import { JobOutput } from '../domain/evidence/job-output.js';
import { Refusals } from '../domain/evidence/measured-number.js';
import type { Platform } from './platforms/platform.js';

/** The last steps of any job: those count. */
const LOG_TAIL_BYTES = 1024 * 1024;
/** Of UTF-8, in bytes. */
const LONGEST_CHARACTER = 4;

export interface PrintedSteps {
  steps: JobOutput['steps'];
  singles: JobOutput['singles'];
}

/** Null where there are none, and where several processes print: what one of them did says little of the job. */
export async function printedSteps(platform: Platform, jobId: string): Promise<PrintedSteps | null> {
  const logs = await platform.logs(jobId, LOG_TAIL_BYTES);
  const refusals = new Refusals();
  const [stdout, stderr] = [logs.stdout, logs.stderr].map((text) => {
    const output = new JobOutput(refusals);
    for (const line of wholeLines(text)) output.readLine(line);
    return output;
  }) as [JobOutput, JobOutput];
  const output = stdout.steps.length > 0 ? stdout : stderr;
  const { steps } = output;
  if (steps.length === 0 || output.processes().length > 1) return null;
  return { steps, singles: { ...stderr.singles, ...stdout.singles } };
}

/** The end may be cut inside a number; so may the beginning of a log that is longer than what was read. */
function wholeLines(text: string): string[] {
  const isWhole = Buffer.byteLength(text) < LOG_TAIL_BYTES - LONGEST_CHARACTER;
  return text.split(/\r\n|[\r\n]/).slice(isWhole ? 0 : 1, -1);
}
