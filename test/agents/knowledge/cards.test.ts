/** The cards: each is whole, its code is right for the installed SPDL, and all that must be told is told. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { allCards, fitOf, isOfRuns, parseCard } from '../../../agents/knowledge/card.js';
import { chooseCards } from '../../../agents/knowledge/choose-cards.js';
import { codeSigns, runSigns, SIGNS, type Sign } from '../../../agents/knowledge/signs.js';
import { tokensOf } from '../../../agents/prompts/token-estimate.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { knownPractices } from '../../../domain/proposals/best-practices.js';
import { packageFile } from '../../../host/package-files.js';
import { checkPython } from '../../../source/edits/compile-check.js';
import { wrongNames, wrongNameText } from '../../../source/libraries/name-check.js';
import { ANALYZE, PLAN } from '../../support/agents/agent-tasks.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');
const CARDS = allCards();

function codeOf(body: string): string[] {
  return [...body.matchAll(/```python\n([\s\S]*?)```/g)].map(([, code]) => code!);
}

const CODE = CARDS.flatMap(({ name, body }) =>
  codeOf(body).map((after, index) => ({ path: `${name}_${index}.py`, before: null, after })),
);

describe('each card', () => {
  it('has a title, a source with its version, and practices that a run knows', () => {
    for (const { name, body, source, practices } of CARDS) {
      expect(body, name).toMatch(/^## \S/);
      expect(source, name).toMatch(/\d+\.\d+/);
      expect(knownPractices(true), name).toEqual(expect.arrayContaining(practices));
    }
  });

  it('has code that compiles, and names nothing that the installed SPDL lacks', async () => {
    expect(CODE.length).toBeGreaterThan(20);
    const reports = await checkPython(PYTHON, CODE);
    expect(reports.filter(({ problem }) => problem !== null)).toEqual([]);
    const none = { files: new Set<string>(), read: async () => null };
    expect((await wrongNames(PYTHON, CODE, none)).map(wrongNameText)).toEqual([]);
  });

  it('has code that runs as a module where it needs no torch', () => {
    const runnable = CODE.filter(({ after }) => !/\btorch\b/.test(after)).map(({ path, after }) => [path, after]);
    const run =
      'import json, sys\nfor path, code in json.load(sys.stdin):\n    exec(compile(code, path, "exec"), {"__name__": path})';
    execFileSync(PYTHON, ['-c', run], { input: JSON.stringify(runnable), stdio: ['pipe', 'pipe', 'pipe'] });
  });

  it.each([
    ['---\nwhen: always\n---\nx', /does not say/],
    ['---\nwhen: vidoe\npractices: []\nsource: SPDL 0.8\n---\nx', /no sign "vidoe"/],
  ])('is refused where its header is wrong: %j', (text, reason) => {
    expect(() => parseCard(text, 'one')).toThrow(reason);
  });
});

it('tells of all that an engineer of SPDL knows', () => {
  const subjects: RegExp[] = [
    /`PipelineConfig`/,
    /`run_pipeline_in_subprocess`/,
    /`embed_shuffle/,
    /`drop_last=True`/,
    /forkserver/,
    /`functools\.partial`/,
    /__getstate__/,
    /lazily/,
    /costs more than it brings/,
    /`SharedMemorySegmentPool/,
    /`SharedMemoryRingBuffer/,
    /`PriorityThreadPoolExecutor`/,
    /executor of a stage's own/,
    /Fewer can be faster/,
    /`output_order`/,
    /Async stages/,
    /Garbage collection/,
    /40% of the CPU/,
    /misleads/,
    /Tokenizers/,
    /decode only what is used/,
    /demux and decode apart/,
    /NVDEC/,
    /caching_allocator_alloc/,
    /must be even/,
    /Threads of a decoder/,
    /load_npz/,
    /load_wav/,
    /Fewer and larger reads/,
    /Batch size when data bounds/,
    /Headspace/,
    /fused=True/,
    /TorchTNT/,
    /slowest rank/,
    /occupation_rate/,
    /p99/,
    /Mistakes that break an edit/,
    /worker processes/,
  ];
  const whole = CARDS.map(({ body }) => body).join('\n');
  expect(subjects.filter((subject) => !subject.test(whole))).toEqual([]);
});

describe('the choice', () => {
  const signs = (...names: Sign[]) => new Set<Sign>(names);

  it('goes by signs, their absence and alternatives', () => {
    const card = parseCard(
      '---\nwhen: torch and not subprocess or nvdec\npractices: []\nsource: SPDL 0.8\n---\n## T',
      'one',
    );
    expect(fitOf(card, signs('torch'))).toBe(11);
    expect(fitOf(card, signs('torch', 'subprocess'))).toBeNull();
    expect(fitOf(card, signs('torch', 'subprocess', 'nvdec'))).toBe(10);
  });

  it('prefers what is most specific, and names what has no room', () => {
    const all = chooseCards({ part: 'code', signs: signs('video', 'cuda', 'torch'), budget: 1e6 });
    const names = all.cards.map(({ name }) => name);
    expect(names).toContain('video-nvdec');
    expect(all.leftOut).toEqual([]);
    const most = all.cards.find(({ name }) => name === 'video-nvdec')!;
    const tight = chooseCards({
      part: 'code',
      signs: signs('video', 'cuda', 'torch'),
      budget: 2 * tokensOf(most.body),
    });
    expect(tight.cards.map(({ name }) => name)).toContain('video-nvdec');
    expect([...tight.cards.map(({ name }) => name), ...tight.leftOut].sort()).toEqual(names);
    expect(tight.leftOut.length).toBeGreaterThan(0);
  });

  it('reads the code without its comments', () => {
    expect([...codeSigns(['# import torch\nx = 1\n'])]).toEqual([]);
    const code = 'import torch\nfrom spdl.pipeline import run_pipeline_in_subprocess\npackets = demux_video(x)\n';
    expect([...codeSigns([code])].sort()).toEqual(['subprocess', 'torch', 'video']);
  });

  it('reads what a run has measured, for planners', () => {
    const entry = (nodeId: string, kind: 'baseline' | 'headspace' | 'mtp', value: number | null) => ({
      nodeId,
      kind,
      status: value === null ? ('failed' as const) : ('completed' as const),
      spec: SpecSchema.parse({ name: nodeId }),
      commit: null,
      parentId: null,
      result: null,
      objective: value === null ? null : { metric: 'throughput_samples_per_s', value },
      failure:
        value === null
          ? { kind: 'job_startup_failed' as const, phase: 'job' as const, message: 'no', details: {} }
          : null,
      durationS: 1,
      isBest: kind === 'baseline',
    });
    const stage = {
      name: 'pipeline:0:2:sink',
      pipeline: 0,
      index: 2,
      function: 'sink',
      concurrency: 1,
      aveTimeS: null,
      numTasks: null,
      numFailures: 3,
      qps: null,
      putS: null,
      getS: null,
      occupationRate: 0.95,
      isSink: true,
    };
    const evidence = {
      ...ANALYZE.evidence,
      metrics: UNKNOWN_METRICS,
      stages: [stage],
      steps: { ...ANALYZE.evidence.steps, stepMs: 7 },
      system: { ...ANALYZE.evidence.system, cpuCores: 4, cpuPct: 300 },
    };
    const task = {
      ...PLAN,
      bestNodeId: 'a',
      history: [entry('a', 'baseline', 100), entry('b', 'headspace', 104), entry('c', 'mtp', null)],
      evidence: { a: evidence },
    };
    expect([...runSigns(task as unknown as typeof PLAN)].sort()).toEqual([
      'cpu_busy',
      'failed_starts',
      'fed',
      'headspace_low',
      'mtp_failed',
      'short_steps',
      'stage_failures',
    ]);
    expect(runSigns(ANALYZE).size).toBe(0);
  });

  it('has a card for each sign that a run can give, and none that no sign leads to', () => {
    const led = new Set(CARDS.flatMap(({ when }) => when.flatMap((all) => all.map(({ sign }) => sign))));
    const silent = [...SIGNS].filter((sign) => !led.has(sign));
    expect(silent).toEqual([]);
    expect(CARDS.filter(isOfRuns).length).toBeGreaterThanOrEqual(10);
  });
});
