/** A run between two plans, with real code, log and agent calls, whose agent answers whatever a test lays down. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAcceptExperiment } from '../../activities/accept-experiment.js';
import { makeAsk } from '../../activities/agent-calls/ask.js';
import { makeAnalyze } from '../../activities/analyze.js';
import { makeApplyPatch } from '../../activities/apply-patch.js';
import { makePlan } from '../../activities/plan.js';
import { type Result, UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import type { PlanResult } from '../../domain/protocol/activities.js';
import type { EventBody } from '../../domain/run/event-types.js';
import type { ExperimentIdentity } from '../../domain/run/experiment-record.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import type { Platform } from '../../jobs/platforms/platform.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { writePlan } from '../../workdir/spec-store.js';
import { removeFolder } from '../support/remove-folder.js';
import { configOf, fingerprint, open, repository, run, temporaryFolder, write } from './source-fixture.js';

export const TRAIN = `import time

BATCH = 8


def load():
    return range(BATCH)


def main():
    for step in load():
        print(f"[autoresearch] step={step} step_time_ms=2.0", flush=True)


main()
`;

export const PLANNED: ExperimentIdentity = {
  nodeId: '002_change',
  name: 'change',
  kind: 'planned',
  origin: { from: 'plan', iteration: 1, index: 0 },
  parentId: '000_baseline',
  startCommit: null,
  priority: 0,
  changeSet: ['change'],
  tags: [],
};

export class HostileRun {
  readonly root = temporaryFolder();
  readonly source = join(this.root, 'repo');
  readonly workdir = new Workdir(join(this.root, 'workdir'));
  private sourceControl!: SourceControl;
  private readonly config = configOf(this.source, {
    agent: join(this.root, 'agent.mjs'),
    base_launch_command: `python3 ${join(this.source, 'train.py')} data --workers 2`,
    python: 'python3',
    protect: ['conf/**'],
  });

  get baseCommand(): string {
    return this.config.base_launch_command;
  }

  static async make(): Promise<HostileRun> {
    const made = new HostileRun();
    await made.prepare();
    return made;
  }

  private async prepare(): Promise<void> {
    const { root, source, workdir } = this;
    repository(source, {
      'train.py': TRAIN,
      'two.py': 'A = 1\nB = 1\n',
      'conf/train.yaml': 'workers: 2\n',
      'tests/test_train.py': 'assert True\n',
      '_autoresearch_timing.py': 'STEP = 1\n',
    });
    write(source, { 'weights.bin': '\x93NUMPY\0', 'data/images.txt': 'one\n' });
    symlinkSync(join(root, 'outside'), join(source, 'escape'));
    run(source, 'add', '-A');
    run(source, 'commit', '-q', '-m', 'more');
    write(root, {
      'outside/secret.txt': 'mine\n',
      'agent.mjs': `import { readFileSync } from 'node:fs';
export default { name: 'hostile', answer: () => readFileSync(${JSON.stringify(join(root, 'reply.txt'))}, 'utf8') };
`,
    });
    this.sourceControl = await open(workdir.root, source);
    const anchorCommit = await this.sourceControl.anchor();
    const baseCommit = await this.sourceControl.commitEdits('base', anchorCommit, new Map(), 'base');
    await writeJsonAtomic(workdir.config, this.config);
    await writePlan(workdir, 1, [SpecSchema.parse({ name: 'change', changes: ['change'], description: 'change it' })]);
    const bodies: EventBody[] = [
      { type: 'run_started', run: 'run-1', limits: DEFAULT_LIMITS },
      {
        type: 'setup_completed',
        anchorCommit,
        baseCommit,
        practices: [],
        repair: { retries: 0, experiments: [] },
      },
      { type: 'experiment_added', experiment: PLANNED },
      { type: 'planning_started', iteration: 2 },
    ];
    await openRunLog(workdir).append(bodies.map((body, index) => ({ seq: index + 1, atMs: index + 1, ...body })));
    await writeJsonAtomic(workdir.evidence(PLANNED.nodeId), {
      nodeId: PLANNED.nodeId,
      metrics: UNKNOWN_METRICS,
      sources: {},
      steps: { count: 0, stepMs: null, fetchMs: null, computeMs: null, batchSize: null },
      stages: [],
      system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
      durationS: 10,
      findings: [],
    });
    write(workdir.root, { 'runs/002_change/job_id.txt': 'local_002_change\n' });
    await writeJsonAtomic(workdir.node(PLANNED.nodeId, 'spec.json'), { name: 'change' });
    await this.apply('no edits').catch(() => undefined);
  }

  async remove(): Promise<void> {
    await removeFolder(this.root);
  }

  private deps(reply: string) {
    writeFileSync(join(this.root, 'reply.txt'), reply);
    // An answer on disk would be used again.
    rmSync(this.workdir.at('engine', 'calls'), { recursive: true, force: true });
    const context = { workdir: this.workdir, config: this.config, log: () => undefined };
    const platform = {
      find: async () => null,
      logs: async () => ({ stdout: '', stderr: '' }),
    } as unknown as Platform;
    const { sourceControl } = this;
    return { context, platform, sourceControl, runLog: openRunLog(this.workdir), ask: makeAsk(context) };
  }

  async apply(reply: string, experiment = PLANNED): Promise<{ commit: string; changed: boolean }> {
    return await this.applier(reply)({ run: 'run-1', experiment });
  }

  /** One worker's activity, whose agent always answers so. */
  applier(reply: string) {
    return makeApplyPatch(this.deps(reply));
  }

  async tell(...bodies: EventBody[]): Promise<void> {
    const log = openRunLog(this.workdir);
    const { seq } = await log.state();
    await log.append(bodies.map((body, index) => ({ seq: seq + index + 1, atMs: seq + index + 1, ...body })));
  }

  /** With an offer it is the owner's own: only they can write to the workdir. */
  async accept(
    request: string,
    experiment: object,
    more: { offered?: boolean; config?: object; throughSeq?: number } = {},
  ) {
    if (more.offered) await writeJsonAtomic(this.workdir.offer(request), experiment);
    const deps = this.deps('');
    const context = { ...deps.context, config: { ...this.config, ...more.config } };
    const { throughSeq } = more;
    const asked = { run: 'run-1', request, experiment, ...(throughSeq === undefined ? {} : { throughSeq }) };
    return await makeAcceptExperiment({ ...deps, context })(asked);
  }

  async plan(reply: string): Promise<PlanResult> {
    return await makePlan(this.deps(reply))({ run: 'run-1', iteration: 2, throughSeq: 4 });
  }

  async analyze(reply: string): Promise<Result> {
    return (await makeAnalyze(this.deps(reply))({ run: 'run-1', nodeId: PLANNED.nodeId })).result;
  }

  /**
   * All that is the user's, and all of the workdir that decides what runs; not the logs, replies and the plan itself.
   */
  snapshot(): Record<string, string> {
    const seen: Record<string, string> = {
      ...fingerprint(this.source),
      refs: run(this.source, 'for-each-ref', 'refs/autoresearch'),
      hooks: readdirSync(join(this.source, '.git', 'hooks'))
        .sort()
        .join(' '),
    };
    const visit = (folder: string) => {
      for (const name of readdirSync(join(this.root, folder)).sort()) {
        const path = join(folder, name);
        if (NOT_EXECUTED.test(path) || path === 'repo') continue;
        const facts = lstatSync(join(this.root, path));
        if (facts.isDirectory()) visit(path);
        else
          seen[path] = createHash('sha256')
            .update(readFileSync(join(this.root, path)))
            .digest('hex');
      }
    };
    visit('');
    return seen;
  }
}

const NOT_EXECUTED =
  /^(reply\.txt|workdir\/logs|workdir\/engine\/calls|workdir\/engine\/plans\/002\.json|workdir\/runs\/[^/]+\/analysis\.md)$/;
