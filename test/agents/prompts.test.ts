import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanTask, RewriteTask } from '../../activities/agents/agent.js';
import { parseTemplate, renderTemplate } from '../../activities/prompts/render.js';
import { promptFor } from '../../activities/prompts/task-prompt.js';
import { DEFAULT_LIMITS } from '../../domain/limits.js';

const TEMPLATE = parseTemplate('---\nvariables: [a, b]\n---\n{{a}} and {{b}}\n', 'test');

describe('renderTemplate', () => {
  it('replaces in one pass: inserted text is never replaced again', () => {
    expect(renderTemplate(TEMPLATE, { a: '{{b}}', b: 'B' }, 'test')).toBe('{{b}} and B\n');
  });

  it.each([
    [{ a: 'A' }, /needs the variable b/],
    [{ a: 'A', b: 'B', c: 'C' }, /has no variable c/],
  ])('refuses %j', (values, reason) => {
    expect(() => renderTemplate(TEMPLATE, values as Record<string, string>, 'test')).toThrow(reason);
  });

  it('refuses a template that uses what it does not declare', () => {
    const template = parseTemplate('---\nvariables: [a]\n---\n{{z}}', 'test');
    expect(() => renderTemplate(template, { a: 'A' }, 'test')).toThrow(/does not declare/);
  });
});

describe('promptFor', () => {
  async function source() {
    const dir = await mkdtemp(join(tmpdir(), 'prompt-'));
    await writeFile(join(dir, 'train.py'), 'print("```")\n');
    await writeFile(join(dir, 'model.py'), 'x = 1\n');
    return { dir, script: 'train.py', python: 'python3' };
  }
  const common = { key: 'k', nodeId: null, baseLaunchCommand: 'python train.py', refusal: null, notes: [] };

  it('shows the script in a fence that its text cannot end, and other files', async () => {
    const task: RewriteTask = { ...common, phase: 'instrument', source: await source(), spec: null, failure: null };
    const prompt = await promptFor(task);
    expect(prompt).toContain('````python\nprint("```")\n````');
    expect(prompt).toContain('### model.py');
  });

  it('puts the refusal into the prompt', async () => {
    const task: RewriteTask = {
      ...common,
      phase: 'instrument',
      source: await source(),
      spec: null,
      failure: null,
      refusal: 'no unique match',
    };
    expect(await promptFor(task)).toContain('no unique match');
  });

  it('shows planners the base launch command on a line of its own', async () => {
    const task: PlanTask = {
      ...common,
      phase: 'plan',
      source: await source(),
      iteration: 3,
      limits: DEFAULT_LIMITS,
      history: [],
      evidence: {},
      baseCommit: 'b',
      bestNodeId: null,
      practices: { known: [], tried: [], notApplicable: [] },
      plateauCount: 0,
    };
    expect((await promptFor(task)).split('\n')).toContain('**Base launch command**: `python train.py`');
  });
});
