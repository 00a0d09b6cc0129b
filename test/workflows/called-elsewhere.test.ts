/** The workflow of one agent's call: what may have begun is not begun anew, whatever ended its attempt. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, inject, it, onTestFinished } from 'vitest';
import type { AgentActivities, AgentCallInput, AgentCallOutcome } from '../../domain/protocol/agent-calls.js';
import { CALL_LEFT } from '../../domain/protocol/agent-calls.js';
import { agentCallWorkflowId, agentQueueFor } from '../../domain/run/naming.js';
import { startTestWorker } from '../support/temporal-env.js';

const ANSWER: AgentCallOutcome = { is: 'left', stdout: 'answer' };

/** Runs the workflow against an agents' worker that does the given with each attempt; answers what each was told. */
async function called(attempts: (() => AgentCallOutcome)[]) {
  const worker = await startTestWorker({ activities: {} });
  const queue = agentQueueFor(randomUUID());
  const told: boolean[] = [];
  const callAgent: AgentActivities['callAgent'] = async ({ mayHaveBegun }) => {
    told.push(mayHaveBegun);
    return attempts[told.length - 1]!();
  };
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  const agents = await Worker.create({ connection, taskQueue: queue, activities: { callAgent } });
  const polling = agents.run();
  onTestFinished(async () => {
    agents.shutdown();
    await polling;
    await connection.close();
    await worker[Symbol.asyncDispose]();
  });
  const { run, taskQueue, client } = worker;
  const call = {
    run,
    call: 'plan_001.0',
    agent: 'claude',
    model: '',
    effort: '',
    phase: 'plan',
    nodeId: null,
  } as const;
  const args: [AgentCallInput] = [{ queue, call: { ...call, prompt: 'what next?', timeoutMs: 60_000 } }];
  const workflowId = agentCallWorkflowId(run, call.call);
  const handle = await client.workflow.start('agentCallWorkflow', { workflowId, taskQueue, args });
  return { outcome: await handle.result(), told };
}

const fails = (type: string) => (): never => {
  throw ApplicationFailure.retryable('no', type);
};

it('tells the attempt that follows a death that the call may have begun', async () => {
  expect(await called([fails(CALL_LEFT), () => ANSWER])).toEqual({ outcome: ANSWER, told: [false, true] });
});

it('begins anew what never began', async () => {
  expect(await called([fails('other'), () => ANSWER])).toEqual({ outcome: ANSWER, told: [false, false] });
});
