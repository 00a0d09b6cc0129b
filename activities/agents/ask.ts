/**
 * One call of an agent from task to checked value: the answer on disk is used again, prompt, output and raw reply are
 * logged, a reply that cannot be used goes back once with the reason, and what is refused twice is a typed failure.
 */
import type { FailureKind } from '../../domain/failure.js';
import { raise } from '../activity-failure.js';
import { activitySignal } from '../activity-pulse.js';
import { promptParts, promptText } from '../prompts/task-prompt.js';
import type { RunContext } from '../run-context.js';
import type { AgentAnswer, AgentTask, CodingAgent } from './agent.js';
import { CallRecord, logTime } from './call-record.js';
import { createAgent } from './index.js';
import type { Parsed } from './parse-reply.js';

export interface Question<T> {
  task: AgentTask;
  /** Turns the text into a value, or says why it cannot be used. */
  read(text: string): Promise<Parsed<T>> | Parsed<T>;
  /** What a reply that is refused twice is called. */
  failure: FailureKind;
}

export type Ask = <T>(question: Question<T>) => Promise<{ value: T; text: string }>;

export function makeAsk(context: RunContext): Ask {
  const record = new CallRecord(context.workdir);

  async function call(task: AgentTask): Promise<AgentAnswer> {
    const known = await record.answered(task.key);
    if (known) {
      context.log(`${task.key}: the answer is on disk, the agent is not asked again`);
      return known;
    }
    await record.endLeftover(task.key);
    const agent: CodingAgent = createAgent(context.config, { onStart: (pid) => record.started(task.key, pid) });
    const time = logTime(new Date());
    const parts = await promptParts(task);
    const prompt = promptText(parts);
    await record.prompted(time, task.key, prompt);
    context.log(`${task.key}: asking ${agent.name}`);
    const answer = await agent.answer(task, prompt, activitySignal(), parts);
    await record.record(time, task.key, agent.name, answer);
    return answer;
  }

  return async function ask<T>({ task, read, failure }: Question<T>) {
    const first = await call(task);
    const value = await read(first.text);
    if (value.ok) return { value: value.value, text: first.text };
    context.log(`${task.key}: refused: ${value.reason}`);
    const again = { ...task, key: `${task.key}_retry`, refusal: value.reason };
    const second = await call(again);
    const better = await read(second.text);
    if (better.ok) return { value: better.value, text: second.text };
    context.log(`${again.key}: refused: ${better.reason}`);
    await record.forget(task.key);
    await record.forget(again.key);
    return raise(failure, `the agent's answer was refused twice: ${better.reason}`);
  };
}
