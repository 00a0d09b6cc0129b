/** Runs of several sizes, measured, as a table. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineInput } from '../../domain/protocol/messages.js';
import { engineWorkflowId, experimentWorkflowId, taskQueueFor } from '../../domain/run/naming.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { Workdir } from '../../workdir/paths.js';
import { openRun } from '../../worker/open-run.js';
import { runningServer, stopServer } from '../../worker/server/embedded-server.js';
import { historyCost } from './history-cost.js';
import { INSTANT, type Pretended, pretendedActivities, SHORT } from './pretended-activities.js';

const SLOTS = 8;
/** Without exports as many experiments at once as a worker takes. */
const MANY_SLOTS = 64;
const SEED_COUNT = 3;
/** Histories of so many experiments are looked at. */
const SAMPLE = 50;
const MEMORY_LOOK_MS = 500;

interface Row {
  experiments: number;
  seconds: number;
  engine_events_each: string;
  engine_runs: number;
  longest_engine_run: number;
  child_events: string;
  largest_event_kb: string;
  export_ms_each_event: string;
  worker_mb: number;
  server_mb: number;
}

/** Prints the table; returns the exit code: 1 when a cost grows with the number of experiments. */
export async function measureLargeRuns(args: readonly string[]): Promise<number> {
  const exporting = !args.includes('--no-export');
  const given = args.filter((arg) => !arg.startsWith('--'));
  const sizes = (given.length > 0 ? given : ['10', '100', '1000']).map(Number);
  const bad = sizes.find((size) => !Number.isInteger(size) || size <= SEED_COUNT);
  if (bad !== undefined) {
    console.error(`experiments must be whole numbers above ${SEED_COUNT}, not ${given.join(' ')}`);
    return 2;
  }
  const rows: Row[] = [];
  const perEvent: number[] = [];
  for (const size of sizes) {
    const { row, exportMs } = await measure(size, exporting);
    rows.push(row);
    perEvent.push(exportMs);
  }
  console.table(rows);
  if (!exporting || rows.length < 2) return 0;
  const ratio = (perEvent.at(-1) ?? 0) / (perEvent[0] ?? 1);
  console.log(`export time for each event, ${sizes.at(-1)} to ${sizes[0]} experiments: ${ratio.toFixed(2)}`);
  return ratio < 1.5 ? 0 : 1;
}

async function measure(experiments: number, exporting: boolean): Promise<{ row: Row; exportMs: number }> {
  const workdir = new Workdir(mkdtempSync(join(tmpdir(), 'autoresearch-bench-')));
  let pretended: Pretended | null = null;
  try {
    await writeJsonAtomic(workdir.config, configOf(workdir));
    const open = await openRun(workdir.root, {
      createActivities: (deps) => {
        pretended = pretendedActivities(deps, experiments - SEED_COUNT, exporting, exporting ? SHORT : INSTANT);
        return pretended.activities;
      },
    });
    const run = open.config.run_id;
    const memory = await watchMemory(workdir);
    const begin = performance.now();
    const input: EngineInput = {
      run,
      limits: { max_concurrency: exporting ? SLOTS : MANY_SLOTS, max_iterations: experiments, patience: experiments },
    };
    const handle = await open.client.workflow.start('engineWorkflow', {
      workflowId: engineWorkflowId(run),
      taskQueue: taskQueueFor(run),
      args: [input],
    });
    await handle.result();
    const seconds = (performance.now() - begin) / 1000;
    const peaks = memory.stop();
    const engine = await historyCost(open.client, handle.workflowId, handle.firstExecutionRunId);
    const children = [];
    for (const nodeId of sample(experiments)) {
      children.push(await historyCost(open.client, experimentWorkflowId(run, nodeId)));
    }
    await open.close({ stopServer: true });
    const exports = (pretended as Pretended | null)?.exports ?? [];
    const events = exports.reduce((sum, cost) => sum + cost.events, 0);
    const exportMs = exports.reduce((sum, cost) => sum + cost.ms, 0) / Math.max(1, events);
    const childEvents = children.map((cost) => cost.events);
    const row: Row = {
      experiments,
      seconds: Math.round(seconds),
      engine_events_each: (engine.events / experiments).toFixed(1),
      engine_runs: engine.runs,
      longest_engine_run: engine.longest,
      child_events: `${Math.min(...childEvents)} to ${Math.max(...childEvents)}`,
      largest_event_kb: (Math.max(engine.largest, ...children.map((cost) => cost.largest)) / 1024).toFixed(1),
      export_ms_each_event: exportMs.toFixed(2),
      worker_mb: peaks.worker,
      server_mb: peaks.server,
    };
    return { row, exportMs };
  } finally {
    await stopServer(workdir);
    rmSync(workdir.root, { recursive: true, force: true });
  }
}

function configOf(workdir: Workdir): Record<string, unknown> {
  return {
    schema_version: 2,
    created_at: '2026-01-01T00:00:00',
    pipeline_script: workdir.at('train.py'),
    source_dir: workdir.root,
    scm: '',
    base_launch_command: 'python3 train.py',
    agent: 'playbook',
    platform: 'local',
    run_id: `bench-${process.pid}-${Date.now()}`,
  };
}

/** The seeds, and follow-ups from all over the run. */
function sample(experiments: number): string[] {
  const seeds = ['000_baseline', '000_headspace', '001_mtp'];
  const followUps = experiments - SEED_COUNT;
  const step = Math.max(1, Math.floor(followUps / SAMPLE));
  for (let index = 0; index < followUps; index += step)
    seeds.push(`${String(index + 2).padStart(3, '0')}_decode_${index}`);
  return seeds;
}

/** Peaks of resident memory, MB: this process, and the workdir's server. */
async function watchMemory(workdir: Workdir): Promise<{ stop(): { worker: number; server: number } }> {
  const pid = (await runningServer(workdir))?.pid ?? null;
  const peaks = { worker: 0, server: 0 };
  const look = () => {
    peaks.worker = Math.max(peaks.worker, Math.round(process.memoryUsage.rss() / 2 ** 20));
    if (pid !== null) peaks.server = Math.max(peaks.server, residentMb(pid));
  };
  const timer = setInterval(look, MEMORY_LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peaks;
    },
  };
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
}
