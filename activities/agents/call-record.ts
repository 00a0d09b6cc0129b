/**
 * The memory of agent calls: engine/calls/<key>.json says that a call was answered and where the answer is, so that it is
 * not made (and paid) again; <key>.pid.json names the process of a call that is under way, so that a leftover can be ended.
 */
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { Spent } from '../../domain/ledger.js';
import { readJsonIfAny, writeFileAtomic, writeJsonAtomic } from '../atomic-file.js';
import type { Workdir } from '../workdir.js';
import type { AgentAnswer } from './agent.js';
import { endRecordedProcess, processFile, recordProcess } from './agent-process-record.js';

const CallSchema = z.object({ key: z.string(), time: z.string() });
const CostsSchema = z.array(z.object({ usd: z.number().nullable(), tokens: z.number() }));
const AnswerSchema = z.looseObject({
  text: z.string(),
  cost_usd: z.number().nullable(),
  usage: z.record(z.string(), z.number()),
  raw: z.unknown(),
});

export class CallRecord {
  constructor(private readonly workdir: Workdir) {}

  private callFile(key: string) {
    return this.workdir.at('engine', 'calls', `${key}.json`);
  }
  private costFile(key: string) {
    return this.workdir.at('engine', 'calls', `${key}.costs.json`);
  }
  private failuresFile(key: string) {
    return this.workdir.at('engine', 'calls', `${key}.failures.json`);
  }
  private logFile(time: string, key: string, part: 'prompt.md' | 'output.md' | 'raw.json') {
    return this.workdir.at('logs', `${time}_${key}_${part}`);
  }

  /** The answer that this call got before, or null. */
  async answered(key: string): Promise<AgentAnswer | null> {
    const call = CallSchema.safeParse(await readJsonIfAny(this.callFile(key)));
    if (!call.success) return null;
    const answer = AnswerSchema.safeParse(await readJsonIfAny(this.logFile(call.data.time, key, 'raw.json')));
    if (!answer.success) return null;
    const { text, cost_usd, usage, raw } = answer.data;
    return { text, costUsd: cost_usd, usage, raw };
  }

  async prompted(time: string, key: string, prompt: string): Promise<void> {
    await writeFileAtomic(this.logFile(time, key, 'prompt.md'), prompt);
  }

  /** The raw file first: from then on the call counts as made. */
  async record(time: string, key: string, agent: string, answer: AgentAnswer): Promise<void> {
    const { text, costUsd, usage, raw } = answer;
    await this.book(key, costUsd, usage);
    await writeJsonAtomic(this.logFile(time, key, 'raw.json'), {
      agent,
      text,
      cost_usd: costUsd,
      total_cost_usd: costUsd,
      usage,
      raw,
    });
    await writeJsonAtomic(this.callFile(key), { key, time });
    await writeFileAtomic(this.logFile(time, key, 'output.md'), text);
    await rm(processFile(this.workdir, key), { force: true });
    await this.clearOutput(key);
  }

  /** What a command prints for this call, until its answer is on record. */
  outputFile(key: string): string {
    return this.workdir.at('engine', 'calls', `${key}.stdout`);
  }

  async clearOutput(key: string): Promise<void> {
    await rm(this.outputFile(key), { force: true });
  }

  /** What the calls of a key have cost so far, failed ones included. */
  async spent(key: string): Promise<Spent> {
    const costs = await this.costs(key);
    return {
      usd: costs.reduce((sum, { usd }) => sum + (usd ?? 0), 0),
      tokens: costs.reduce((sum, { tokens }) => sum + tokens, 0),
      unpriced: costs.filter(({ usd }) => usd === null).length,
    };
  }

  /** Before the answer is kept: a crash between the two repeats the call, and both were paid for. */
  async book(key: string, costUsd: number | null, usage: Record<string, number>): Promise<void> {
    const tokens = Object.entries(usage).reduce(
      (sum, [name, count]) => (name.endsWith('tokens') ? sum + count : sum),
      0,
    );
    await writeJsonAtomic(this.costFile(key), [...(await this.costs(key)), { usd: costUsd, tokens }]);
  }

  /** Counts a call that failed and may be made again; returns how many there were. */
  async failed(key: string): Promise<number> {
    const before = z
      .number()
      .int()
      .catch(0)
      .parse(await readJsonIfAny(this.failuresFile(key)));
    await writeJsonAtomic(this.failuresFile(key), before + 1);
    return before + 1;
  }

  async forgive(key: string): Promise<void> {
    await rm(this.failuresFile(key), { force: true });
  }

  private async costs(key: string) {
    return CostsSchema.parse((await readJsonIfAny(this.costFile(key))) ?? []);
  }

  /** An answer that was of no use: the same call, asked again later, is made anew. */
  async forget(key: string): Promise<void> {
    await rm(this.callFile(key), { force: true });
  }

  async started(key: string, pid: number): Promise<void> {
    await recordProcess(processFile(this.workdir, key), pid);
  }

  /** Ends the process of an earlier try of this call that outlived its worker. */
  async endLeftover(key: string): Promise<void> {
    await endRecordedProcess(processFile(this.workdir, key));
  }
}

/** `YYYYMMDD_HHMMSS`, local time: how log files are named. */
export function logTime(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${date}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}
