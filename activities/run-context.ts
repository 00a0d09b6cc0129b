/** What every activity is built from: one workdir, its configuration, and the refusal of foreign runs. */
import { ApplicationFailure } from '@temporalio/common';
import type { RunConfig } from '../domain/formats/config.js';
import type { RunRef } from './contract.js';
import type { Workdir } from './workdir.js';

export interface RunContext {
  readonly workdir: Workdir;
  readonly config: RunConfig;
  /** One line into logs/autoresearch.log. */
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
}

/** A worker serves the run of its own workdir and no other. */
export function ownRun(context: RunContext, input: RunRef): void {
  if (input.run !== context.config.run_id) {
    throw ApplicationFailure.nonRetryable(
      `run ${JSON.stringify(input.run)} is not the run of this workdir`,
      'policy_refused',
    );
  }
}
