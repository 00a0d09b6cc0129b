/** The platforms by name. */
import type { RunContext } from '../../workdir/run-context.js';
import { WithAdoptedJobs } from './adopted-jobs.js';
import { LocalPlatform } from './local.js';
import type { Platform } from './platform.js';

const FACTORIES: Readonly<Record<string, (context: RunContext) => Platform>> = {
  // Every host can run jobs of its own; a cluster is used when it is named.
  auto: (context) => new LocalPlatform(context),
  local: (context) => new LocalPlatform(context),
};

export const PLATFORM_NAMES: readonly string[] = Object.keys(FACTORIES);

/** What is wrong with a platform's name, or null. */
export function platformProblem(name: string): string | null {
  if (Object.hasOwn(FACTORIES, name)) return null;
  return `platform must be one of ${PLATFORM_NAMES.join(', ')}, not ${JSON.stringify(name)}`;
}

export function createPlatform(name: string, context: RunContext): Platform {
  const problem = platformProblem(name);
  const factory = FACTORIES[name];
  if (problem !== null || factory === undefined) throw new Error(problem ?? `unknown platform ${name}`);
  return new WithAdoptedJobs(factory(context), context);
}
