/** What every activity is built from: one workdir, its configuration, and the refusal of a foreign engine. */
import type { RunConfig } from '../domain/formats/config.js';
import type { EngineRef } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { claimLog, type LogPlace } from './log-owner.js';
import type { Workdir } from './paths.js';

export interface RunContext {
  readonly workdir: Workdir;
  readonly config: RunConfig;
  /** One line into logs/autoresearch.log. */
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
  /** Where the engine's history is; absent outside a worker. */
  readonly place?: LogPlace;
  /** Whether the workdir is still this engine's to write; absent outside a worker, which asks before each activity. */
  readonly isServedHere?: () => Promise<boolean>;
  /** Ends agent calls that are made outside an activity; within one, its own cancellation does. */
  readonly signal?: AbortSignal;
}

/** The event log takes events of one engine only: another is refused for good, with what to do. */
export async function ownLog(
  { workdir, place }: RunContext,
  { chain, link }: EngineRef,
  act: 'begins' | 'goes on',
): Promise<void> {
  if (place === undefined || chain === undefined) return;
  const problem = await claimLog(workdir, place, { chain, link }, act);
  if (problem !== null) raise('policy_refused', problem, { phase: 'runner' });
}
