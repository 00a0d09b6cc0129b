/** What `codex exec --json` prints: an event a line; the answer, its tokens and what went wrong are read from them. */
import { z } from 'zod';
import { jsonOrNull } from '../domain/formats/json-text.js';
import type { Prices } from '../domain/formats/prices.js';
import type { AgentAnswer } from './agent.js';
import {
  agentFailure,
  type CallCost,
  CREDENTIALS_ADVICE,
  FINAL_STATUS,
  NOTHING_SPENT,
  saysNotAllowed,
  UNKNOWN_SPENT,
  WAIT_MS_BY_STATUS,
} from './agent-failure.js';
import { type CommandOutput, failedText } from './agent-process.js';
import { costOf, type TokenUsage } from './model-prices.js';

const count = z.number().int().min(0).default(0);
const UsageSchema = z.object({
  /** Those of the cache among them. */
  input_tokens: count,
  cached_input_tokens: count,
  cache_write_input_tokens: count,
  /** Those of its reasoning among them. */
  output_tokens: count,
});
const EventSchema = z.union([
  z.object({
    type: z.literal('item.completed'),
    item: z.object({ type: z.literal('agent_message'), text: z.string() }),
  }),
  z.object({ type: z.literal('turn.completed'), usage: UsageSchema }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
]);

interface CodexTurn {
  /** The last message is the answer; those before it tell of work under way. */
  text: string | null;
  usage: TokenUsage | null;
  /** Null where the turn did not fail. */
  failure: string | null;
}

/** Null where the turn has not come to its end. */
function turnIn(stdout: string): CodexTurn | null {
  const turn: CodexTurn = { text: null, usage: null, failure: null };
  for (const line of stdout.split('\n')) {
    const event = EventSchema.safeParse(jsonOrNull(line));
    if (!event.success) continue;
    if (event.data.type === 'item.completed') turn.text = event.data.item.text;
    else if (event.data.type === 'turn.completed') turn.usage = disjoint(event.data.usage);
    else turn.failure = event.data.error.message;
  }
  return turn.usage === null && turn.failure === null ? null : turn;
}

/** OpenAI counts the tokens of the cache among the input; prices and budgets want each token once. */
function disjoint(usage: z.output<typeof UsageSchema>): TokenUsage {
  const { input_tokens: all, cached_input_tokens: read, cache_write_input_tokens: written, output_tokens } = usage;
  return {
    input_tokens: Math.max(0, all - read - written),
    output_tokens,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
  };
}

export interface PricedModel {
  /** '' where the command chose it: its price is not known then. */
  model: string;
  prices: Prices;
}

/** Null where the command has not said all that it had to say. */
export function wholeCodexReply(stdout: string, priced: PricedModel): AgentAnswer | null {
  const turn = turnIn(stdout);
  if (turn?.usage == null || turn.text === null || turn.failure !== null) return null;
  return { text: turn.text, ...spentOn(turn.usage, priced), raw: { stdout } };
}

/** Throws an agent_failed that says what the command said. */
export function parseCodexReply(printed: Printed, command: string, priced: PricedModel): AgentAnswer {
  const answer = printed.exitCode === 0 ? wholeCodexReply(printed.stdout, priced) : null;
  if (answer !== null) return answer;
  const turn = turnIn(printed.stdout);
  const said = turn?.failure?.slice(-1000) ?? failedText(printed);
  if (printed.exitCode === 0 && turn?.failure == null) {
    const lacks = turn === null ? 'no turn.completed event' : 'no message of the agent';
    throw agentFailure(`${command} printed ${lacks}, as \`codex exec --json\` does: ${said}`, {
      retryable: true,
      spent: turn?.usage ? { ...spentOn(turn.usage, priced), unansweredCalls: 0 } : UNKNOWN_SPENT,
    });
  }
  const how = printed.exitCode === null ? 'was killed' : `failed (exit code ${printed.exitCode})`;
  const status = statusIn(turn?.failure ?? '');
  const waitMs = WAIT_MS_BY_STATUS[status ?? 0];
  const isRefused = saysNotAllowed(said);
  // Codex says `unexpected argument` of flags that its version does not know.
  const isFinal = isRefused || FINAL_STATUS.includes(status ?? 0) || printed.exitCode === USAGE_ERROR;
  throw agentFailure(`${command} ${how}: ${said}${isRefused ? CREDENTIALS_ADVICE : ''}`, {
    retryable: !isFinal,
    spent: isFinal || waitMs !== undefined ? NOTHING_SPENT : UNKNOWN_SPENT,
    httpStatus: status,
    interrupted: printed.interrupted === true,
    ...(waitMs === undefined ? {} : { waitMs }),
  });
}

type Printed = Pick<CommandOutput, 'stdout' | 'stderr' | 'exitCode'> & Partial<Pick<CommandOutput, 'interrupted'>>;

/** Of a command line that is not understood. */
const USAGE_ERROR = 2;

/** As its messages name it; the body of a 400 it prints as it came. */
function statusIn(failure: string): number | null {
  const named = /\bstatus:? (\d{3})\b/.exec(failure)?.[1];
  if (named !== undefined) return Number(named);
  const body = z.object({ error: z.object({ message: z.string() }) }).safeParse(jsonOrNull(failure));
  return body.success ? 400 : null;
}

function spentOn(usage: TokenUsage, { model, prices }: PricedModel): Pick<CallCost, 'costUsd' | 'usage'> {
  return { costUsd: model === '' ? null : costOf(model, usage, prices), usage: { ...usage } };
}
