/**
 * A plan that names moves: they are offered from the code, written out among the changes, and made without a call of
 * the agent.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAsk } from '../../activities/agent-calls/ask.js';
import { makeApplyPatch } from '../../activities/apply-patch.js';
import { makePlan } from '../../activities/plan.js';
import type { EventBody } from '../../domain/run/event-types.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { packageFile } from '../../host/package-files.js';
import type { Platform } from '../../jobs/platforms/platform.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { python } from '../playbook/pipeline-fixtures.js';
import { removeFolder } from '../support/remove-folder.js';
import { configOf, open, repository, run, temporaryFolder } from './source-fixture.js';

const script = (name: string) => readFileSync(packageFile('test', 'fixtures', 'moves', name), 'utf8');

/** Answers by what the test has written, and keeps what it was asked. */
const AGENT = `import { appendFileSync, readFileSync } from 'node:fs';
const at = (name) => new URL(name, import.meta.url);
export default {
  name: 'scripted',
  answer(task, prompt) {
    appendFileSync(at('asked.jsonl'), JSON.stringify({ phase: task.phase, changes: task.spec?.changes, prompt }) + '\\n');
    return readFileSync(at(task.phase + '.txt'), 'utf8');
  },
};
`;

class Planned {
  readonly root = temporaryFolder();
  readonly source = join(this.root, 'repo');
  readonly workdir = new Workdir(join(this.root, 'workdir'));
  private sourceControl!: SourceControl;
  private readonly config = configOf(this.source, {
    agent: join(this.root, 'agent.mjs'),
    base_launch_command: `python3 ${join(this.source, 'train.py')} --workers 2`,
    python,
  });

  async prepare(name = 'chain_flags.py'): Promise<void> {
    repository(this.source, { 'train.py': script(name), 'counted.py': script('counted.py') });
    writeFileSync(join(this.root, 'agent.mjs'), AGENT);
    this.sourceControl = await open(this.workdir.root, this.source);
    const anchorCommit = await this.sourceControl.anchor();
    const baseCommit = await this.sourceControl.commitEdits('base', anchorCommit, new Map(), 'base');
    await writeJsonAtomic(this.workdir.config, this.config);
    await this.tell(
      { type: 'run_started', run: 'run-1', limits: DEFAULT_LIMITS },
      { type: 'setup_completed', anchorCommit, baseCommit, practices: [], repair: { retries: 0, experiments: [] } },
      { type: 'planning_started', iteration: 1 },
    );
  }

  private async tell(...bodies: EventBody[]): Promise<void> {
    const log = openRunLog(this.workdir);
    const { seq } = await log.state();
    await log.append(bodies.map((body, index) => ({ seq: seq + index + 1, atMs: seq + index + 1, ...body })));
  }

  private get deps() {
    const context = { workdir: this.workdir, config: this.config, log: () => undefined };
    const platform = { logs: async () => ({ stdout: '', stderr: '' }) } as unknown as Platform;
    return {
      context,
      platform,
      sourceControl: this.sourceControl,
      runLog: openRunLog(this.workdir),
      ask: makeAsk(context),
    };
  }

  reply(phase: string, value: object): void {
    writeFileSync(join(this.root, `${phase}.txt`), `\`\`\`json\n${JSON.stringify(value)}\n\`\`\`\n`);
  }

  async plan(...experiments: object[]) {
    this.reply('plan', { experiments });
    return await makePlan(this.deps)({ run: 'run-1', iteration: 1, throughSeq: 3 });
  }

  /** Code of the plan's experiment, and what it prints when it runs. */
  async made(index: number, identity: { name: string }) {
    const experiment = {
      ...{ nodeId: `00${index + 2}_${identity.name}`, kind: 'planned', ...identity },
      origin: { from: 'plan', iteration: 1, index },
    } as never as Extract<EventBody, { type: 'experiment_added' }>['experiment'];
    await this.tell({ type: 'experiment_added', experiment });
    return await this.ran(await makeApplyPatch(this.deps)({ run: 'run-1', experiment }));
  }

  async seed() {
    const experiment = {
      ...{ nodeId: '001_mtp', name: 'mtp', kind: 'mtp', parentId: '000_baseline', startCommit: null, priority: 0 },
      ...{ origin: { from: 'seed' }, changeSet: ['mtp'], tags: ['mtp'] },
    } as const;
    await this.tell({ type: 'experiment_added', experiment: experiment as never });
    return await this.ran(await makeApplyPatch(this.deps)({ run: 'run-1', experiment: experiment as never }));
  }

  private async ran({ commit }: { commit: string }) {
    const text = (await this.sourceControl.readFile(commit, 'train.py'))!;
    writeFileSync(join(this.source, 'tried.py'), text);
    const said = execFileSync(python, ['tried.py'], { cwd: this.source, encoding: 'utf8' });
    run(this.source, 'clean', '-qfx');
    return { text, said: said.trim() };
  }

  asked(): { phase: string; changes?: string[]; prompt: string }[] {
    return readFileSync(join(this.root, 'asked.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as never);
  }
}

const ITEMS = 'items=44 sum=3442377860';
const planned = new Planned();
beforeAll(() => planned.prepare());
afterAll(() => removeFolder(planned.root));

describe('a plan that names moves', () => {
  it('is offered what the code allows, and gets refused what it does not', async () => {
    const result = await planned.plan(
      {
        name: 'cached',
        moves: [
          { move: 'cache_stage', stage: 'load' },
          { move: 'gc_interval', steps: 50 },
        ],
      },
      { name: 'wider', moves: [{ move: 'set', knob: 'flag:--workers', value: 4 }] },
      {
        name: 'stacked',
        moves: [{ move: 'own_executor', stage: 'load', workers: 3 }],
        changes: ['a comment at the top'],
      },
      { name: 'no_such', moves: [{ move: 'own_executor', stage: 'decode' }] },
      { name: 'impossible', moves: [{ move: 'await_stage', stage: 'load' }] },
      { name: 'shorter', changes: ['clip_seconds=2'] },
    );
    expect(result.refused).toEqual([
      {
        name: 'no_such',
        reason: expect.stringContaining('there is no stage "decode"; there are load, scale, collate'),
      },
      { name: 'impossible', reason: expect.stringContaining('does not run one coroutine to its end') },
      { name: 'shorter', reason: expect.stringContaining('such is run only with --allow other-work') },
    ]);
    expect(result.proposals.map(({ changeSet }) => changeSet)).toEqual([
      ['cache_stage:load', 'gc_interval steps=50'],
      ['--workers=4'],
      ['a comment at the top', 'own_executor:load workers=3'],
    ]);
    const { prompt } = planned.asked()[0]!;
    expect(prompt).toContain('`{"move": "cache_stage", "stage": "load"}`');
    expect(prompt).toContain('Stages: load, scale.');
    expect(prompt).toContain('`flag:--workers = 2`');
    expect(prompt).not.toContain('"mtp_off"');
  }, 60_000);

  it('has its moves made by code, without a call, and the job trains on the same items', async () => {
    const cached = await planned.made(0, { name: 'cached', ...identity(['cache_stage:load', 'gc_interval steps=50']) });
    expect(cached.text).toContain('.pipe(_autoresearch_kept(load, 1024), concurrency=workers)');
    expect(cached.text).toContain('_autoresearch_collect(50)');
    expect(cached.said).toBe(ITEMS);
    expect(planned.asked().map(({ phase }) => phase)).toEqual(['plan']);
  }, 60_000);

  it('asks the agent only for what no move makes, on top of the moves', async () => {
    planned.reply('apply', {
      edits: [{ path: 'train.py', old: 'import numpy as np', new: 'import numpy as np  # told' }],
    });
    const stacked = await planned.made(2, {
      name: 'stacked',
      ...identity(['a comment', 'own_executor:load workers=3']),
    });
    expect(stacked.text).toContain('executor=ThreadPoolExecutor(max_workers=3)');
    expect(stacked.text).toContain('# told');
    expect(stacked.said).toBe(ITEMS);
    const asked = planned.asked().filter(({ phase }) => phase === 'apply');
    expect(asked.map(({ changes }) => changes)).toEqual([['a comment at the top']]);
    expect(asked[0]!.prompt).toContain('ThreadPoolExecutor(max_workers=3)');
  }, 60_000);
});

it('makes the MTP seed by code, with classes for what does not pickle', async () => {
  const spawned = new Planned();
  try {
    await spawned.prepare('closures.py');
    const seed = await spawned.seed();
    expect(seed.text).toContain('.pipe(partial(_Autoresearch_load(offset, scale), 3), concurrency=2)');
    expect(seed.text).toContain('_autoresearch_subprocess(');
    expect(seed.said).toBe('items=28 sum=2507386396');
  } finally {
    await removeFolder(spawned.root);
  }
}, 60_000);

function identity(changeSet: string[]) {
  return { parentId: '000_baseline', startCommit: null, priority: 0, changeSet, tags: [] };
}
