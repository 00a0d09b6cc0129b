/**
 * What the API is made to answer, phase by phase: plain schemas without transforms, because they travel as JSON
 * schemas. Rendering turns a reply into the text that any agent would give, so that one set of parsers and checks reads
 * them all.
 */

import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';
import { type Metrics, NUMERIC_METRICS, type NumericMetric } from '../../domain/evidence/metrics.js';
import { jsonOrNull } from '../../domain/formats/json-text.js';
import type { AgentTask } from '../agent.js';

const number = z.number().nullable();
const numbers = Object.fromEntries(NUMERIC_METRICS.map((name) => [name, number])) as Record<
  NumericMetric,
  typeof number
>;

const AnalysisSchema = z.object({
  analysis: z.string().describe('Markdown: what bounds the run, whether the hypothesis held, what follows'),
  metrics: z
    .object({
      ...numbers,
      bottleneck_stage: z.string().nullable(),
      is_best_so_far: z.boolean().nullable(),
      notes: z.string(),
    } satisfies Record<Exclude<keyof Metrics, 'custom'>, z.ZodType>)
    .describe('null for what is not known'),
  findings: z.array(z.string()).describe('one sentence each'),
});

const PlanSchema = z.object({
  reasoning: z.string(),
  action: z.enum(['launch', 'stop', 'manual']),
  experiments: z.array(
    z.object({
      name: z.string().describe('short, in snake_case'),
      changes: z.array(z.string()).describe('code changes; empty when flags alone change'),
      change_summary: z.string(),
      description: z.string().describe('what to do, exactly'),
      hypothesis: z.string(),
      launch_command: z.string(),
      goto: z.string().nullable().describe('commit to stack on; null starts from the base commit'),
      best_practices_tags: z.array(z.string()),
      priority: number,
    }),
  ),
  not_applicable: z.array(z.string()).describe('best practices that cannot apply'),
});

const path = z.string().describe('relative to the source directory');
const RewriteSchema = z.object({
  summary: z.string().describe('one sentence'),
  edits: z.array(
    z.union([
      z.object({ path, old: z.string().describe('text that stands exactly once in the file'), new: z.string() }),
      z.object({ path, content: z.string().describe('the whole file, new or instead of the old one') }),
    ]),
  ),
});

type Phase = AgentTask['phase'];

/** The structured output of a phase; null where it is plain text. */
export function outputFormat(phase: Phase): { type: 'json_schema'; schema: Record<string, unknown> } | null {
  const answer = schemaOf(phase);
  if (answer === null) return null;
  // Only the schema travels: the helper's own parse would throw, and lose the usage, on a reply that was cut.
  const { type, schema } = zodOutputFormat(answer);
  return { type, schema };
}

/**
 * The reply as an agent's text. One that does not fit its schema stays as it is, for the parsers to refuse with a
 * reason.
 */
export function answerText(phase: Phase, text: string): string {
  const answer = schemaOf(phase);
  if (answer === null) return text;
  const reply = answer.safeParse(jsonOrNull(text));
  if (!reply.success) return text;
  const { analysis, ...rest } = reply.data as { analysis?: string };
  const block = `\`\`\`json\n${JSON.stringify(rest, null, 2)}\n\`\`\`\n`;
  return analysis === undefined ? block : `${analysis}\n\n${block}`;
}

function schemaOf(phase: Phase): z.ZodType | null {
  switch (phase) {
    case 'analyze':
      return AnalysisSchema;
    case 'plan':
      return PlanSchema;
    case 'report':
      return null;
    default:
      return RewriteSchema;
  }
}
