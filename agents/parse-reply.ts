/** From an agent's text to a typed reply, or the reason why it cannot be used (which goes back to the agent once). */
import type { z } from 'zod';
import {
  type AnalysisReply,
  AnalysisReplySchema,
  type PlanReply,
  PlanReplySchema,
  type RewriteReply,
  RewriteReplySchema,
} from '../domain/formats/agent-replies.js';
import { fencedBlocks, jsonInReply } from './reply-text.js';

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

export function parseAnalysis(text: string): Parsed<AnalysisReply> {
  return parseJson(text, AnalysisReplySchema, 'an analysis: {"metrics": {...}, "findings": [...]}');
}

export function parsePlan(text: string): Parsed<PlanReply> {
  return parseJson(text, PlanReplySchema, 'a plan: {"action": ..., "experiments": [...]}');
}

/**
 * A whole-file `python` block replaces the script; otherwise edits as JSON (an object with `edits`, or one bare edit).
 */
export function parseRewrite(text: string, script: string): Parsed<RewriteReply> {
  const json = jsonInReply(text);
  if (json !== undefined && hasEdits(json)) {
    const value = Array.isArray(json) ? { edits: json } : 'edits' in json ? json : { edits: [json] };
    return check(value, RewriteReplySchema);
  }
  const file = fencedBlocks(text, 'python').at(-1);
  if (file !== undefined) {
    return { ok: true, value: { edits: [{ path: script, content: `${file.replace(/\n+$/, '')}\n` }], summary: '' } };
  }
  return {
    ok: false,
    reason: 'the reply holds neither a ```python block with the whole file nor a ```json block with edits',
  };
}

function hasEdits(value: unknown): value is object {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'object' && item !== null && 'path' in item);
  return typeof value === 'object' && value !== null && ('edits' in value || 'path' in value);
}

function parseJson<S extends z.ZodType>(text: string, schema: S, what: string): Parsed<z.output<S>> {
  const json = jsonInReply(text);
  return json === undefined
    ? { ok: false, reason: `the reply holds no JSON object with ${what}` }
    : check(json, schema);
}

/** Far deeper than any reply; what is deeper could not be written down again. */
const DEPTH_LIMIT = 64;

function isDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth < DEPTH_LIMIT; depth += 1) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}

function check<S extends z.ZodType>(value: unknown, schema: S): Parsed<z.output<S>> {
  if (isDeep(value)) return { ok: false, reason: `the reply is nested more than ${DEPTH_LIMIT} deep` };
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'the reply'}: ${issue.message}`);
  return { ok: false, reason: issues.join('; ') };
}
