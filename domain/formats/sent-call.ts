/** The schema of a call that an agents' worker is sent: who may write to its queue is not known to it. */
import { z } from 'zod';
import { AGENTS_ELSEWHERE } from '../protocol/agent-calls.js';
import { EFFORTS } from './choices.js';

/** No word of it is a flag of its own. */
const MODEL = /^(?!-)[\w.:@/[\]-]{0,200}$/;

export const AgentCallSchema = z.object({
  run: z.string().min(1),
  call: z.string().min(1),
  agent: z.enum(AGENTS_ELSEWHERE),
  model: z.string().regex(MODEL),
  effort: z.enum(EFFORTS),
  phase: z.string().regex(/^[a-z]{1,32}$/),
  nodeId: z.string().max(128).nullable(),
  prompt: z.string(),
  timeoutMs: z.number().int().positive(),
  mayHaveBegun: z.boolean(),
});
