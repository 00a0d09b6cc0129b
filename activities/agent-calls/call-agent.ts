/**
 * What an agents' worker does for runs of other hosts: one call of the program that its own settings name, in an empty
 * folder. The program prints into a file that outlives the worker: the next attempt on this host finds there what a
 * killed worker's call has printed, and none makes the call twice.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type AgentProgram, type ProgramSettings, replyIn, runAgentCommand } from '../../agents/agent-process.js';
import { programOf } from '../../agents/agent-program.js';
import { AgentCallSchema } from '../../domain/formats/sent-call.js';
import {
  type AgentActivities,
  type AgentCallOutcome,
  type AgentElsewhere,
  CALL_LEFT,
  TRAVELS_BYTES,
} from '../../domain/protocol/agent-calls.js';
import { recordedProcess, recordProcess } from '../../host/recorded-process.js';
import { withPulse } from '../guard/activity-pulse.js';

export interface AgentsHost {
  /** The one for which this worker answers. */
  agent: AgentElsewhere;
  settings: Pick<ProgramSettings, 'agent_command' | 'claude_flags' | 'codex_flags'>;
  /** Where replies are kept while they arrive. */
  folder: string;
  log: (message: string, fields?: Record<string, unknown>) => void;
  /** In place of the agent's own; tests give one. */
  program?: AgentProgram;
}

/** What a program says beside its answer is read by people. */
const STDERR_CHARACTERS = 10_000;
const LOOK_MS = 100;
/** Nobody asks for a reply again after so long: attempts follow each other within minutes. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

export function makeCallAgent(host: AgentsHost): AgentActivities['callAgent'] {
  const { folder, log } = host;
  return async (input) => {
    const { info } = Context.current();
    const workflowId = info.workflowExecution?.workflowId ?? '';
    const parsed = AgentCallSchema.safeParse(input);
    const problem = parsed.success ? null : `${parsed.error.issues[0]?.path.join('.')} is not right`;
    if (info.workflowType !== 'agentCallWorkflow' || !parsed.success) {
      return refused(`workflow ${workflowId} asks for no call of an agent${problem === null ? '' : `: ${problem}`}`);
    }
    const { run, call, agent, model, effort, phase, nodeId, prompt, timeoutMs, mayHaveBegun } = parsed.data;
    if (agent !== host.agent) return refused(`the worker answers for ${host.agent}, and the run asks ${agent}`);
    const name = createHash('sha256').update(`${workflowId} ${info.workflowExecution?.runId}`).digest('hex');
    const [replyFile, pidFile] = [join(folder, `${name}.reply`), join(folder, `${name}.pid.json`)];
    if (mayHaveBegun) return await withPulse(() => left({ replyFile, pidFile, timeoutMs }));
    const dir = join(folder, 'empty');
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await removeOldReplies(folder);
    log('a call of the agent begins', { run, call, agent });
    const hooks = { onStart: (pid: number) => recordProcess(pidFile, pid), replyFile };
    const program = host.program ?? programOf(agent, { ...host.settings, model, effort });
    const task = { phase, nodeId, source: { dir } };
    const [given, leaving] = endsOf(Context.current());
    try {
      const output = await withPulse(() =>
        Promise.race([runAgentCommand({ ...program, task, prompt, timeoutMs, hooks, signal: given }), leaving]),
      );
      log('a call of the agent has ended', { run, call, exit_code: output.exitCode, timed_out: output.timedOut });
      return travelling({ is: 'ended', ...output, stderr: output.stderr.slice(-STDERR_CHARACTERS) });
    } catch (error) {
      if (given.aborted) throw error;
      // A program that could not be started says so by a failure of its own kind, which no other attempt changes.
      if (error instanceof ApplicationFailure && error.nonRetryable) return refused(error.message);
      throw ApplicationFailure.retryable(`the call did not end here: ${String(error)}`, CALL_LEFT);
    }
  };

  async function left(of: { replyFile: string; pidFile: string; timeoutMs: number }): Promise<AgentCallOutcome> {
    const { cancellationSignal: signal } = Context.current();
    for (const untilMs = Date.now() + of.timeoutMs; Date.now() < untilMs; await sleep(LOOK_MS)) {
      if ((await recordedProcess(of.pidFile)) === null) break;
      if (signal.aborted) throw new CancelledFailure('the call is given up');
    }
    const stdout = await replyIn(of.replyFile);
    log('the worker of a call died', { reply_bytes: stdout.length });
    if (stdout !== '') return travelling({ is: 'left', stdout });
    return { is: 'lost', reason: 'its worker died, and nothing that it printed is on the host that was asked next' };
  }
}

/**
 * The first aborts when the call is given up, which ends the program. The second rejects when the worker ends, which
 * leaves the program at work; so does a server that has heard too little of this attempt: the next one waits for it.
 */
function endsOf(context: Context): [AbortSignal, Promise<never>] {
  const { cancellationSignal: signal } = context;
  const given = new AbortController();
  const leaving = new Promise<never>((_, reject) => {
    const look = () => {
      if (context.cancellationDetails?.cancelRequested) given.abort(signal.reason);
      else if (context.cancellationDetails?.workerShutdown) reject(new Error('its worker ends'));
    };
    if (signal.aborted) look();
    else signal.addEventListener('abort', look, { once: true });
  });
  leaving.catch(() => undefined);
  return [given.signal, leaving];
}

/** A reply that is too large for a message was paid for all the same. */
function travelling(outcome: AgentCallOutcome): AgentCallOutcome {
  const bytes = gzipSync(JSON.stringify(outcome)).length;
  if (bytes <= TRAVELS_BYTES) return outcome;
  return { is: 'lost', reason: `its reply has ${bytes} bytes, compressed, and ${TRAVELS_BYTES} can travel` };
}

function refused(reason: string): AgentCallOutcome {
  return { is: 'refused', reason };
}

async function removeOldReplies(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const known = await stat(path).catch(() => null);
    if (known?.isFile() && Date.now() - known.mtimeMs > KEPT_MS) await rm(path, { force: true });
  }
}
