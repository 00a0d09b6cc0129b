/**
 * Versions of workers that a cluster tells apart (worker deployment versioning): each workflow run stays with the code
 * that began it, and the engine moves to the current version when it continues as new. One deployment a run, because a
 * deployment's current version holds for all of its task queues. The rule on a configured server (version-routing.ts
 * keeps anything from waiting for a version that is gone). A workdir's own server ends with its one worker: there a run
 * always goes on with the code that is started next.
 */
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import { buildId } from './build-id.js';

export const VERSIONING_VARIABLE = 'AUTORESEARCH_WORKER_VERSIONING';

/** A deployment's name may hold no dot, and its parts are separated by one. */
export function deploymentNameFor(run: string): string {
  return `autoresearch-${run.replace(/[^A-Za-z0-9_-]/g, '_')}`;
}

/**
 * The version to serve on a cluster; null where the environment says `off`. A RangeError for other words than on and
 * off.
 */
export function askedVersioning(env: NodeJS.ProcessEnv = process.env): { buildId: string } | null {
  const asked = env[VERSIONING_VARIABLE]?.trim() ?? '';
  if (asked === 'off') return null;
  if (asked === '' || asked === 'on') return { buildId: buildId() };
  throw new RangeError(`${VERSIONING_VARIABLE} must be on or off, not ${JSON.stringify(asked)}`);
}

export function deploymentOptions(run: string, versioning: { buildId: string } | null): WorkerDeploymentOptions {
  const deploymentName = deploymentNameFor(run);
  return versioning === null
    ? { version: { deploymentName, buildId: buildId() }, useWorkerVersioning: false }
    : {
        version: { deploymentName, buildId: versioning.buildId },
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'PINNED',
      };
}
