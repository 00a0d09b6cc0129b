/** The platforms by name, or by the path of a module or of commands (jobs/clusters/module-scheduler.ts). */
import { isAbsolute } from 'node:path';
import type { RunContext } from '../../workdir/run-context.js';
import { loadScheduler } from '../clusters/module-scheduler.js';
import { ScheduledPlatform } from '../clusters/scheduled-platform.js';
import type { LaunchPlace, Scheduler } from '../clusters/scheduler.js';
import { WithAdoptedJobs } from './adopted-jobs.js';
import { LocalPlatform } from './local.js';
import { localLaunchProblem } from './local-launch.js';
import type { Platform } from './platform.js';

/** Each is loaded when it is used. */
const SCHEDULERS: Readonly<Record<string, (context: RunContext) => Promise<Scheduler>>> = {
  slurm: async () => new (await import('../clusters/slurm/slurm-scheduler.js')).SlurmScheduler(),
  torchx: async (context) => {
    const [{ SlurmScheduler }, { TorchxScheduler }] = await Promise.all([
      import('../clusters/slurm/slurm-scheduler.js'),
      import('../clusters/torchx/torchx-scheduler.js'),
    ]);
    return new TorchxScheduler(context, { slurm: new SlurmScheduler() });
  },
  kubernetes: async (context) => {
    const { KubernetesScheduler } = await import('../clusters/kubernetes/kubernetes-scheduler.js');
    return new KubernetesScheduler(context);
  },
};

/** `auto` stands in runs that were begun before it was decided at their start: those are on their host. */
const ON_THIS_HOST = ['auto', 'local'];

export const PLATFORM_NAMES: readonly string[] = [...ON_THIS_HOST, ...Object.keys(SCHEDULERS)];

const KNOWN = `one of ${PLATFORM_NAMES.join(', ')}, or the path of a module or a JSON file of commands (docs/platforms.md)`;

/** What is wrong with a platform's name or module, or null. A file of the user's is loaded. */
export async function platformProblem(name: string): Promise<string | null> {
  if (PLATFORM_NAMES.includes(name)) return null;
  if (!isAbsolute(name)) return KNOWN;
  return await loadScheduler(name).then(
    () => null,
    (error: Error) => `a file of a platform: ${error.message}`,
  );
}

export async function createPlatform(name: string, context: RunContext): Promise<Platform> {
  if (!PLATFORM_NAMES.includes(name) && !isAbsolute(name))
    throw new Error(`platform must be ${KNOWN}, not ${JSON.stringify(name)}`);
  return new WithAdoptedJobs(await ownPlatform(name, context), context);
}

async function ownPlatform(name: string, context: RunContext): Promise<Platform> {
  if (ON_THIS_HOST.includes(name)) return new LocalPlatform(context);
  return new ScheduledPlatform(await schedulerOf(name, context), context);
}

async function schedulerOf(name: string, context: RunContext): Promise<Scheduler> {
  const known = Object.hasOwn(SCHEDULERS, name) ? SCHEDULERS[name] : undefined;
  return await (known === undefined ? loadScheduler(name) : known(context));
}

/** Why the platform of a run can make no job of its launch command, or null. Submits nothing. */
export async function launchProblem(context: RunContext, place: LaunchPlace): Promise<string | null> {
  const { platform, base_launch_command, build_command } = context.config;
  // A build may bring the program.
  if (ON_THIS_HOST.includes(platform))
    return build_command === '' ? await localLaunchProblem(base_launch_command, place) : null;
  const scheduler = await schedulerOf(platform, context);
  try {
    await scheduler.runs?.(base_launch_command, place);
    const { job_timeout_s: limitS } = context.config;
    return (await scheduler.wouldRefuse?.(base_launch_command, place, limitS)) ?? null;
  } catch (error) {
    return (error as Error).message;
  }
}
