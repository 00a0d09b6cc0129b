import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HistoryEntry, PlanTask, RewriteTask } from '../../../agents/agent.js';
import { parseTemplate, renderTemplate } from '../../../agents/prompts/render.js';
import { promptFor } from '../../../agents/prompts/task-prompt.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { searchMemory } from '../../../domain/memory/search-memory.js';
import { DEFAULT_LIMITS } from '../../../domain/run/limits.js';
import { PLAN } from '../../support/agents/agent-tasks.js';

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

  it('tells a planner of a part of the best that did not help by itself', async () => {
    const text = 'not confirmed by itself (refuted, against 000_baseline); measured only as a part of the whole';
    const best: HistoryEntry = {
      ...{ nodeId: '002_a', kind: 'planned', status: 'completed', spec: SpecSchema.parse({ name: 'a' }) },
      ...{ commit: 'c2', parentId: '001_mtp', result: null, failure: null, durationS: 10, isBest: true },
    };
    const task: PlanTask = { ...PLAN, source: await source(), history: [best], bestNodeId: '002_a' };
    const doubted = [{ nodeId: '001_mtp', onto: '000_baseline', text }];
    const prompt = await promptFor({ ...task, doubted });
    expect(prompt).toContain(`**Doubted in it**: 001_mtp is ${text}. Propose the best without it, once: `);
    expect(await promptFor(task)).not.toContain('Doubted in it');
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
      memory: { dimensions: [], combinations: [] },
      practices: { known: [], tried: [], notApplicable: [] },
      plateauCount: 0,
    };
    expect((await promptFor(task)).split('\n')).toContain('**Base launch command**: `python train.py`');
  });

  it('shows planners the verdict on each experiment, the curves and what was never tried together', async () => {
    const rows = ([100, 100.4, 100.2, 150] as const).map((value, i) => ({ value, i }));
    const memory = searchMemory({
      experiments: rows.map(({ value, i }) => ({
        nodeId: `n${i}`,
        startCommit: null,
        changeSet: ['', 'z=4', 'z=8', 'x=8'].slice(i, i + 1).filter(Boolean),
        commit: i === 0 ? 'b' : `c${i}`,
        parentId: null,
        objective: { metric: 'throughput_samples_per_s', value },
        runs: 1,
        isPruned: false,
        gain: null,
      })),
      baseCommit: 'b',
      baseValues: new Map(),
      least: 0.02,
    });
    const combinations = [
      { onto: 'n3', added: 'n9', changes: ['y=2'], expected: { metric: 'throughput_samples_per_s', value: 180 } },
    ];
    const entry: HistoryEntry = {
      nodeId: 'n3',
      kind: 'planned',
      status: 'completed',
      spec: SpecSchema.parse({ name: 'n3', changes: ['x=8'] }),
      commit: 'c3',
      parentId: null,
      result: { metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: 170 }, sources: {}, findings: [] },
      objective: { metric: 'throughput_samples_per_s', value: 150 },
      judged: {
        verdict: 'keep',
        against: 'n0',
        gain: { gain: 0.5, low: 0.4, high: 0.6, confidence: 0.995 },
        reason: 'its repeats are better',
      },
      failure: null,
      durationS: 10,
      isBest: true,
    };
    const task: PlanTask = { ...PLAN, source: await source(), history: [entry], memory: { ...memory, combinations } };
    const lines = (await promptFor(task)).split('\n');
    expect(lines).toContain('- n3 (planned, completed, best): throughput_samples_per_s 150, commit c3');
    expect(lines).toContain(
      '  verdict: confirmed (its repeats are better; against n0 +50% (99.5% interval +40% to +60%))',
    );
    expect(lines).toContain('- `z` (tried base, 4, 8): CONCLUDED, no value differs from another by more than counts');
    expect(lines).toContain('  nothing else changed: Throughput (samples/s) base → 100 [n0], 8 → 150 [n3]');
    expect(lines).toContain('- n9 (y=2) on top of n3: 180 samples/s, were the two gains to multiply');
  });
});
