/** The commands of Slurm, asked so that their answers can be read, and which of their errors pass by themselves. */
import { runApart } from '../../../host/short-program.js';
import { SchedulerBusy } from '../scheduler.js';

/** The commands themselves try for some time to reach a controller that is busy. */
const ANSWER_MS = 120_000;

const PASSES = [
  /unable to contact slurm controller/i,
  /timed out/i,
  /connection (?:refused|reset)|communication/i,
  /transport endpoint is not connected|zero bytes were transmitted|missing socket/i,
  /temporarily un(?:able|available)|too many requests|rate limit/i,
  /standby mode|shutting down/i,
  // How many jobs somebody may have in the queue: there is room when others have ended.
  /(?:Assoc|QOS)\w*Submit\w*Limit/i,
  /munge|authentication/i,
  /partition not available/i,
  // Of its database.
  /slurmdbd|unable to connect to database/i,
];

/**
 * What no wait mends. Of `--test-only` nothing else counts: it also fails where nodes are only down or taken, for which
 * a job would wait.
 */
const FOR_GOOD = [
  /invalid (?:partition|account|qos|wckey|generic resource|feature|reservation)|invalid gres/i,
  /requested reservation is invalid|not permitted to use this partition|access denied to requested/i,
  /(?:unrecognized|unknown|invalid) option|option requires|invalid (?:time|memory) /i,
];

export function isRefusedForGood(problem: string): boolean {
  return FOR_GOOD.some((pattern) => pattern.test(problem));
}

export interface Answer {
  stdout: string;
  /** Of a command that failed: what it said. */
  problem: string | null;
}

/** A command of Slurm in the environment of this process, without what a user has set for their own eyes. */
export async function askSlurm(program: string, args: readonly string[]): Promise<Answer> {
  const env = Object.entries(process.env).filter(([name]) => !/^(?:SQUEUE_|SACCT_|SCANCEL_)/.test(name));
  return await ask(program, args, { env: { ...Object.fromEntries(env), SLURM_TIME_FORMAT: '%s' } });
}

/** A line of shell that calls a command of Slurm. */
export async function askByShell(
  line: string,
  place: { cwd: string; env: Readonly<Record<string, string>> },
  answerMs?: number,
): Promise<Answer> {
  return await ask('sh', ['-c', line], place, answerMs);
}

async function ask(
  program: string,
  args: readonly string[],
  place: { cwd?: string; env: Readonly<Record<string, string | undefined>> },
  answerMs = ANSWER_MS,
): Promise<Answer> {
  const result = await runApart(program, args, { ...place, extendEnv: false, stdin: 'ignore', timeout: answerMs });
  const said = `${result.stderr ?? ''}`.trim();
  if (result.timedOut) throw new SchedulerBusy(`slurm: ${program} did not answer within ${answerMs / 1000} s`);
  if (result.code === 'ENOENT')
    throw new Error(`${program} is not on PATH: is this a host from which jobs are submitted?`);
  if (result.exitCode === 0) return { stdout: `${result.stdout ?? ''}`, problem: null };
  if (PASSES.some((pattern) => pattern.test(said))) throw new SchedulerBusy(`slurm: ${lastLine(said)}`);
  return { stdout: `${result.stdout ?? ''}`, problem: said === '' ? `exit code ${result.exitCode}` : said };
}

function lastLine(text: string): string {
  return text
    .split('\n')
    .at(-1)!
    .replace(/^\w+: (?:error: )?/, '');
}
