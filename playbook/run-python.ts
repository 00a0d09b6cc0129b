/**
 * Runs survey.py and rewrite.py with the target's own interpreter: what its `ast` parses is what its jobs will run.
 * The user's code is parsed, never imported.
 */

import type { z } from 'zod';
import { jsonOrNull } from '../domain/formats/json-text.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { packageFile } from '../host/package-files.js';
import { runApart } from '../host/short-program.js';
import type { SourceView } from '../source/experiment-source.js';
import { type RewriteAction, type RewriteResult, RewriteResultSchema, type Survey, SurveySchema } from './survey.js';

/** A survey of 400 modules takes a few seconds; a minute means that something hangs. */
const timeLimitMs = 60_000;
/** Exit code of survey.py for a source that it cannot work on; what it says names the file and the reason. */
const SOURCE_REFUSED = 3;
/** Whole files come back from a rewrite; more than this is not source code. */
const outputLimitBytes = 64 * 1024 * 1024;

/**
 * What the source holds: pipelines, training loop, knobs with the values in force under this launch command. With
 * `moves`, those that the code allows: each is made once and thrown away.
 */
export function survey(source: SourceView, launchCommand: string, moves = false): Promise<Survey> {
  return run(source, 'survey.py', { launch_command: launchCommand, moves }, SurveySchema);
}

/** New contents for the actions, applied in order; what could not be done soundly is in `refused`. */
export function rewrite(
  source: SourceView,
  launchCommand: string,
  actions: readonly RewriteAction[],
): Promise<RewriteResult> {
  return run(source, 'rewrite.py', { launch_command: launchCommand, actions }, RewriteResultSchema);
}

async function run<T>(source: SourceView, script: string, request: object, schema: z.ZodType<T>): Promise<T> {
  // -I: neither the user's PYTHON* variables nor modules in the current directory may change what runs here.
  const result = await runApart(source.python, ['-I', packageFile('playbook', 'python', script)], {
    input: JSON.stringify({ source_dir: source.dir, script: source.script, ...request }),
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
    maxBuffer: outputLimitBytes,
  });
  const name = script.replace('.py', '');
  if (result.timedOut) {
    raise('agent_failed', `the playbook's ${name} of ${source.script} took more than ${timeLimitMs / 1000} s`);
  }
  if (result.exitCode === SOURCE_REFUSED) raise('setup_source_failed', result.stderr.trim());
  if (result.failed) {
    const reason = result.stderr.trim().slice(-2000) || result.shortMessage;
    raise('agent_failed', `the playbook's ${name} of ${source.script} with ${source.python} failed: ${reason}`);
  }
  const parsed = schema.safeParse(jsonOrNull(result.stdout));
  if (!parsed.success) {
    raise(
      'agent_failed',
      `the playbook's ${name} of ${source.script} gave an answer of a wrong shape: ${parsed.error.message}`,
    );
  }
  return parsed.data;
}
