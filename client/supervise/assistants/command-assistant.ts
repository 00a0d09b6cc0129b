/**
 * A chat by the `claude` or `codex` command: each call carries the whole conversation, and a tool is asked for by a
 * JSON block at the end of the answer. The command itself gets no tools, and an empty folder to stand in.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runAgentCommand } from '../../../agents/agent-process.js';
import { parseCommandReply } from '../../../agents/claude-agent.js';
import { CODEX_FLAGS } from '../../../agents/codex-agent.js';
import { parseCodexReply } from '../../../agents/codex-reply.js';
import { jsonInReply } from '../../../agents/reply-text.js';
import { errorText } from '../../output/error-text.js';
import { TOOLS } from '../../tools/tools.js';
import { type Assistant, type Desk, useTool } from '../desk.js';
import { briefing, changesSomething, MOST_CALLS, shortened } from './briefing.js';
import type { Purse } from './purse.js';

export interface CommandModel {
  kind: 'claude' | 'codex';
  command: string;
  model: string;
  timeoutMs: number;
}

const FLAGS = {
  claude: ['--print', '--output-format', 'json', '--no-session-persistence', '--tools', '', '--strict-mcp-config'],
  codex: CODEX_FLAGS,
} as const;

const HOW_TO_ASK = `To use a tool, end your answer with one block, and nothing after it:
\`\`\`json
{"tool": "status", "input": {}}
\`\`\`
You are given its answer and asked again. Without such a block your text is the answer to the person.`;

const CallSchema = z.object({ tool: z.string(), input: z.record(z.string(), z.unknown()).default({}) });
/** Of what was said before. */
const TRANSCRIPT_LENGTH = 120_000;

export function commandAssistant(desk: Desk, purse: Purse, given: CommandModel): Assistant {
  const tools = TOOLS.map(
    ({ name, says, changes, input }) =>
      `- ${name}: ${says}${changes ? ' It changes something: the person is asked before.' : ''} Input: ${JSON.stringify(schemaOf(input))}`,
  );
  const head = [
    briefing(desk.workdir),
    '',
    'Tools:',
    ...tools,
    '',
    HOW_TO_ASK,
    '',
    'The conversation so far:',
    '',
  ].join('\n');
  let transcript = '';

  async function ask(): Promise<string> {
    const refusal = purse.refusal(null);
    if (refusal !== null)
      throw new Error(`the supervisor's budget is spent (${refusal}); --supervisor-budget raises it`);
    const { text, usd } = await answerOf(
      given,
      `${head}${transcript.slice(-TRANSCRIPT_LENGTH)}\nSupervisor:`,
      desk.conversation.left,
    );
    purse.book(usd);
    return text;
  }

  return {
    name: `the command ${given.command}`,
    async answer(line) {
      const { conversation } = desk;
      transcript += `Person: ${line}\n`;
      try {
        for (let calls = 0; calls < MOST_CALLS; calls += 1) {
          if (conversation.left.aborted) return 'leave';
          const said = await ask();
          const call = calledTool(said);
          const words = said.slice(0, call?.at ?? said.length).trim();
          if (words !== '') conversation.answer(words);
          transcript += `Supervisor: ${said.trim()}\n`;
          if (call === null) break;
          if (!changesSomething(call.tool))
            conversation.answer(`  (looks at: ${call.tool} ${JSON.stringify(call.input)})`);
          const { text } = await useTool(desk, call.tool, call.input);
          if (changesSomething(call.tool)) conversation.answer(`  ${text}`);
          transcript += `Answer of ${call.tool}: ${shortened(text)}\n`;
        }
      } catch (error) {
        if (conversation.left.aborted) return 'leave';
        conversation.answer(`no answer: ${errorText(error)}`);
      }
      conversation.answer(`  [spent ${purse.spentText()}]`);
      return 'stay';
    },
  };
}

/** Null where the answer asks for none. */
export function calledTool(said: string): { tool: string; input: Record<string, unknown>; at: number } | null {
  const at = said.lastIndexOf('```json');
  if (at < 0) return null;
  const parsed = CallSchema.safeParse(jsonInReply(said.slice(at)));
  return parsed.success ? { ...parsed.data, at } : null;
}

async function answerOf(
  { kind, command, model, timeoutMs }: CommandModel,
  prompt: string,
  signal: AbortSignal,
): Promise<{ text: string; usd: number | null }> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-supervisor-'));
  try {
    const named = model === '' ? [] : ['--model', model];
    const flags = [...FLAGS[kind], ...named, ...(kind === 'codex' ? ['-'] : [])];
    const task = { phase: 'supervise', nodeId: null, source: { dir: folder } };
    const hooks = { onStart: async () => undefined, replyFile: join(folder, 'answer') };
    const output = await runAgentCommand({ command, flags, task, prompt, signal, timeoutMs, hooks });
    if (output.timedOut) throw new Error(`${command} did not answer within ${timeoutMs / 1000} s`);
    const { text, costUsd } =
      kind === 'claude' ? parseCommandReply(output, command) : parseCodexReply(output, command, { model, prices: {} });
    return { text, usd: costUsd };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function schemaOf(input: z.ZodObject): unknown {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return schema;
}
