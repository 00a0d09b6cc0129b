/**
 * The memory of agent calls. engine/calls/<key>.json says what each request under a key has cost and where its answer
 * is, in one file, so that nothing is booked twice or lost between two writes; <key>.<n>.reply is what the request
 * under way is answered, as it arrives; <key>.pid.json names its process.
 */

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { Spent } from '../domain/run/ledger.js';
import { readJsonIfAny, writeFileAtomic, writeJsonAtomic } from '../host/atomic-file.js';
import { namesIn } from '../host/names-in.js';
import { recordProcess } from '../host/recorded-process.js';
import type { Workdir } from '../workdir/paths.js';
import type { AgentAnswer } from './agent.js';
import type { CallCost } from './agent-failure.js';
import { endRecordedProcess, processFile } from './agent-process-record.js';

const CallSchema = z.object({
  key: z.string(),
  /** Of each request that has come to something, in their order. */
  costs: z.array(z.object({ usd: z.number().nullable(), tokens: z.number() })).default([]),
  /** Why replies ended before they were whole: the next request gives more room. */
  cuts: z.array(z.string()).default([]),
  /** Requests that failed and may be made again. */
  failures: z.number().int().default(0),
  /** Requests whose command somebody ended. */
  interruptions: z.number().int().default(0),
  /** Names the log files of the answer; null while there is none. */
  time: z.string().nullable().default(null),
  /** Set when the question came to nothing: in whose asking, and why. */
  ended: z.object({ asking: z.string(), message: z.string() }).nullable().default(null),
});
export type Call = z.output<typeof CallSchema>;

const AnswerSchema = z.looseObject({
  text: z.string(),
  cost_usd: z.number().nullable(),
  usage: z.record(z.string(), z.number()),
  raw: z.unknown(),
});

export class CallRecord {
  constructor(private readonly workdir: Workdir) {}

  /**
   * What is known of a call. What came to nothing stays so for the asking that it ended, however often that one is
   * interrupted, and is asked anew by the next.
   */
  async open(key: string, asking: string): Promise<Call> {
    const call = await this.read(key);
    if (call.ended === null || call.ended.asking === asking) return call;
    return { ...call, cuts: [], failures: 0, interruptions: 0, time: null, ended: null };
  }

  /** The answer that this call got before, or null. */
  async answer({ key, time }: Call): Promise<AgentAnswer | null> {
    if (time === null) return null;
    const answer = AnswerSchema.safeParse(await readJsonIfAny(this.logFile(time, key, 'raw.json')));
    if (!answer.success) return null;
    const { text, cost_usd, usage, raw } = answer.data;
    return { text, costUsd: cost_usd, usage, raw };
  }

  /** Whether a question that is asked now has its answer on disk. */
  async isAnswered(key: string): Promise<boolean> {
    const call = await this.read(key);
    return call.ended === null && (await this.answer(call)) !== null;
  }

  /** Of all calls of which anything is known, also of those that are under way. */
  async keys(): Promise<ReadonlySet<string>> {
    const names = await namesIn(this.workdir.at('engine', 'calls'));
    return new Set(names.map((name) => name.replace(/(\.\d+\.reply|\.pid\.json|\.json)$/, '')));
  }

  /** What the calls of a key have cost so far, failed ones included. */
  async spent(key: string): Promise<Spent> {
    const { costs } = await this.read(key);
    return {
      usd: costs.reduce((sum, { usd }) => sum + (usd ?? 0), 0),
      tokens: costs.reduce((sum, { tokens }) => sum + tokens, 0),
      unpriced: costs.filter(({ usd }) => usd === null).length,
    };
  }

  /** Whether a request was made whose cost nobody has written down: it is under way, or whoever asked was ended. */
  async isUnsettled(key: string): Promise<boolean> {
    const call = await this.read(key);
    return existsSync(processFile(this.workdir, key)) || existsSync(this.replyFile(call));
  }

  /**
   * Where the reply to the next request goes as it arrives: a name of its own for each, so that none is taken for
   * another's.
   */
  replyFile({ key, costs }: Call): string {
    return this.workdir.at('engine', 'calls', `${key}.${costs.length}.reply`);
  }

  /** What one request came to, with its cost, in one write: from then on its reply counts as read. */
  async settle(call: Call, cost: CallCost, outcome: Partial<Call>): Promise<Call> {
    const tokens = Object.entries(cost.usage).reduce(
      (sum, [name, count]) => (name.endsWith('tokens') ? sum + count : sum),
      0,
    );
    const settled = { ...call, ...outcome, costs: [...call.costs, { usd: cost.costUsd, tokens }] };
    await writeJsonAtomic(this.callFile(call.key), settled);
    await rm(this.replyFile(call), { force: true });
    await rm(processFile(this.workdir, call.key), { force: true });
    return settled;
  }

  /** The logs of the reply come before the record that points to them. */
  async settleAnswer(call: Call, time: string, agent: string, answer: AgentAnswer): Promise<Call> {
    const { key } = call;
    await this.logReply(time, key, agent, answer);
    const settled = await this.settle(call, { ...answer, unansweredCalls: 0 }, { time });
    await writeFileAtomic(this.logFile(time, key, 'output.md'), answer.text);
    return settled;
  }

  /** An answer that was of no use: another asking gets a new one. */
  async end(call: Call, asking: string, message: string): Promise<void> {
    await writeJsonAtomic(this.callFile(call.key), { ...call, ended: { asking, message } });
  }

  async logPrompt(time: string, key: string, prompt: string): Promise<void> {
    await writeFileAtomic(this.logFile(time, key, 'prompt.md'), prompt);
  }

  async logReply(time: string, key: string, agent: string, { text, costUsd, usage, raw }: AgentAnswer): Promise<void> {
    const log = { agent, text, cost_usd: costUsd, total_cost_usd: costUsd, usage, raw };
    await writeJsonAtomic(this.logFile(time, key, 'raw.json'), log);
  }

  async started(key: string, pid: number): Promise<void> {
    await recordProcess(processFile(this.workdir, key), pid);
  }

  /** Ends the process of an earlier try of this call that outlived its worker. */
  async endLeftover(key: string): Promise<void> {
    await endRecordedProcess(processFile(this.workdir, key));
  }

  private async read(key: string): Promise<Call> {
    return CallSchema.parse((await readJsonIfAny(this.callFile(key))) ?? { key });
  }

  private callFile(key: string) {
    return this.workdir.at('engine', 'calls', `${key}.json`);
  }

  private logFile(time: string, key: string, part: 'prompt.md' | 'output.md' | 'raw.json') {
    return this.workdir.at('logs', `${time}_${key}_${part}`);
  }
}

/** `YYYYMMDD_HHMMSS`, local time: how log files are named. */
export function logTime(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${date}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}
