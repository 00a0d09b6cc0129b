/** `worker --agents`: checks what it is given, and that the agent answers, before it polls for calls. */
import { AGENTS_ELSEWHERE, type AgentElsewhere } from '../../domain/protocol/agent-calls.js';
import { QUEUE_NAME, QUEUE_RULE } from '../../domain/run/naming.js';
import { programFrom } from '../../host/program-path.js';
import type { Cli, Options } from '../command-definition.js';
import { texts, wholeNumber } from '../flags/flag-values.js';
import { type Printed, printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';
import { checkCommandFlags } from './command-flags.js';

const SLOTS = 4;

export async function serveAgentCalls(queue: string, options: Options, { output }: Cli): Promise<Printed> {
  if (!QUEUE_NAME.test(queue)) throw new Refusal('--agents', queue, QUEUE_RULE);
  const [{ agentProblem, defaultAgent }, { checkAgentAnswers }, { configuredTarget }, { serveAgents }] =
    await Promise.all([
      import('../../activities/agent-calls/make-agent.js'),
      import('../run/agent-check.js'),
      import('../../worker/connection.js'),
      import('../../worker/agents-worker.js'),
    ]);
  const agent = String(options.agent ?? defaultAgent(process.env)) as AgentElsewhere;
  if (!AGENTS_ELSEWHERE.includes(agent))
    throw new Refusal('--agent', agent, `one of ${AGENTS_ELSEWHERE.join(', ')}: others read the files of a workdir`);
  // The agent is called from within an empty folder.
  const agent_command = programFrom(process.cwd(), String(options.agentCommand ?? ''));
  const problem = await agentProblem({ agent, model: '', effort: '' }, process.env);
  if (problem !== null) throw new Refusal('--agent', agent, problem);
  await checkAgentAnswers({ agent: '--agent', command: '--agent-command' }, { agent, agent_command, agent_queue: '' });
  const slots =
    options.agentSlots === undefined ? SLOTS : (wholeNumber('--agent-slots', 1)(options.agentSlots) as number);
  const perSecond = options.agentRate === undefined ? null : rateOf(options.agentRate);
  const target = configuredTarget();
  if (target === null)
    throw new Refusal(
      '--agents',
      queue,
      'needs a Temporal server that runs of other hosts reach: set TEMPORAL_ADDRESS',
    );
  const log = (message: string, fields: Record<string, unknown> = {}) =>
    output.err(`${JSON.stringify({ time: new Date().toISOString(), message, ...fields })}\n`);
  log('calls of the agent are made here', { agent, queue, address: target.address, slots, per_second: perSecond });
  const settings = {
    agent_command,
    claude_flags: texts(options.claudeFlags ?? []),
    codex_flags: texts(options.codexFlags ?? []),
  };
  checkCommandFlags({ agent, ...settings });
  await serveAgents({ target, queue, slots, perSecond, agent, settings, log });
  return printed({ end: 'signal' }, () => 'the worker ended: signal');
}

function rateOf(given: unknown): number {
  const rate = Number(given);
  if (String(given).trim() === '' || !(rate > 0) || !Number.isFinite(rate))
    throw new Refusal('--agent-rate', given, 'a number above 0, of calls in a second, as in 0.5');
  return rate;
}
