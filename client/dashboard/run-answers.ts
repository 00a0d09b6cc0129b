/** What the dashboard tells of a run: its board, its pictures, and its experiments with what their folders hold. */
import { open, stat } from 'node:fs/promises';
import { boardOf } from '../../domain/board/board.js';
import type { MetricTable } from '../../domain/board/board-types.js';
import { diffFiles } from '../../domain/board/diff-lines.js';
import { comparison, experimentPage } from '../../domain/board/experiment-page.js';
import type { BoardAnswer, DiffAnswer, ExperimentAnswer } from '../../domain/board/page-answers.js';
import { inPageColours } from '../../domain/charts/page-colours.js';
import { progressSvg } from '../../domain/charts/progress-svg.js';
import { treeSvg } from '../../domain/charts/tree-svg.js';
import type { Evidence } from '../../domain/evidence/evidence.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Spec } from '../../domain/formats/spec.js';
import type { StalledWork } from '../../domain/overview/diagnostics.js';
import { overviewOf } from '../../domain/overview/overview.js';
import { heldText } from '../../domain/reports/held-claims.js';
import { treeParent } from '../../domain/reports/run-record.js';
import { openRows } from '../../domain/run/engine-state.js';
import { commitOf, type ExperimentRow, isWaiting, jobIdOf } from '../../domain/run/experiment-record.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { readJsonIfAny, readTextIfAny } from '../../host/atomic-file.js';
import { openSourceControl } from '../../source/control/open.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { readSpecs, specOf } from '../../workdir/spec-store.js';
import { originalOf } from '../../workdir/workdir-place.js';
import { runningServer } from '../../worker/server/server-record.js';
import { toComeText } from '../output/overview-text.js';
import { engineLife } from '../run/run-state.js';
import { markdownHtml } from './markdown-html.js';
import type { RunFeed } from './run-feed.js';

/** `progress` is its first panel, `progress-all` all of them. */
export type ChartName = 'progress' | 'progress-all' | 'tree';

export class RunAnswers {
  readonly #specs = new Map<string, Spec>();
  readonly #charts = new Map<string, { version: number; svg: string }>();
  #source: Promise<SourceControl> | null = null;
  #copyOf: Promise<string | null> | null = null;
  readonly #stalled: { atMs: number; found: readonly StalledWork[] } = { atMs: 0, found: [] };

  constructor(readonly feed: RunFeed) {}

  async board(): Promise<BoardAnswer> {
    const { info, workdir, config, record, pending } = this.feed;
    const { state } = record;
    for (const row of openRows(state).filter(isWaiting)) {
      // A specification that is missing or damaged leaves its line without words.
      await readSpecs(workdir, config, state, [row.nodeId], this.#specs).catch(() => undefined);
    }
    const [life, ui, copyOf] = await Promise.all([engineLife(workdir), this.#temporalUi(), this.#original()]);
    const stalled = this.#stalledNow();
    const isServed = life !== null;
    const overview = overviewOf(record, { nowMs: Date.now(), isServed, stalled, pending, copyOf });
    return {
      info,
      board: state.seq === 0 ? null : boardOf(record, this.#specs, overview, toComeText(overview) ?? ''),
      served: isServed,
      temporal: ui && workflowLink(ui, engineWorkflowId(config.run_id)),
    };
  }

  chart(name: ChartName, width: number): string {
    const { record, version } = this.feed;
    const key = name === 'tree' ? name : `${name} ${width}`;
    const known = this.#charts.get(key);
    if (known?.version === version) return known.svg;
    const isWhole = name === 'progress-all';
    const svg =
      name === 'tree' ? treeSvg(record, { heading: false }) : progressSvg(record, { heading: false, width, isWhole });
    const coloured = inPageColours(svg);
    if (this.#charts.size >= CHARTS_KEPT) this.#charts.clear();
    this.#charts.set(key, { version, svg: coloured });
    return coloured;
  }

  /** Null where there is no such experiment. */
  async experiment(nodeId: string): Promise<ExperimentAnswer | null> {
    const { workdir, config, record } = this.feed;
    const row = this.#row(nodeId);
    if (!row) return null;
    const [spec, evidence, analysis, ui, hasLog] = await Promise.all([
      specOf(workdir, config, record.state, row).catch(() => null),
      readJsonIfAny(workdir.evidence(nodeId)).catch(() => null) as Promise<Evidence | null>,
      readTextIfAny(workdir.run(nodeId, 'analysis.md')),
      this.#temporalUi(),
      this.logFile(nodeId, 'stdout').then(async (path) => path !== null && (await isFile(path))),
    ]);
    const isStarted = row.state.status !== 'queued';
    return {
      page: experimentPage(record, nodeId, { spec: spec && launchedBy(spec, config), evidence }),
      analysis: analysis === null ? '' : markdownHtml(heldText(record.state, analysis, nodeId)),
      temporal: ui && isStarted ? workflowLink(ui, experimentWorkflowId(config.run_id, nodeId)) : null,
      hasLog,
    };
  }

  /** `against`: `parent`, `baseline`, `yours` (the code before instrumentation), or another experiment's node id. */
  async diff(nodeId: string, against: string): Promise<DiffAnswer | null> {
    const row = this.#row(nodeId);
    if (!row) return null;
    const to = commitOf(row);
    const from = this.#commitBefore(row, against);
    const none = (problem: string): DiffAnswer => ({ from: from ?? '', to: to ?? '', files: [], problem });
    if (to === null) return none(`it is ${row.state.status} and has no commit yet`);
    if (from === null) return none('there is nothing to compare it with');
    if (from === to) return { from, to, files: [], problem: null };
    try {
      const { workdir, config } = this.feed;
      this.#source ??= openSourceControl({ workdir, config });
      return { from, to, files: diffFiles(await (await this.#source).diff(from, to)), problem: null };
    } catch (error) {
      this.#source = null;
      return none(`the source cannot be read: ${(error as Error).message}`);
    }
  }

  /** The metrics of two; null where one of them is not there. */
  comparison(one: string, other: string): MetricTable | null {
    if (!this.#row(one) || !this.#row(other)) return null;
    return comparison(this.feed.record, one, other);
  }

  /** Null where the workdir does not hold the job's output. */
  async logFile(nodeId: string, stream: 'stdout' | 'stderr'): Promise<string | null> {
    const row = this.#row(nodeId);
    const jobId = row ? jobIdOf(row) : null;
    // A job id names a folder: one that leads elsewhere gets no answer.
    if (jobId === null || !/^[\w.-]+$/.test(jobId) || /^\.+$/.test(jobId)) return null;
    return this.feed.workdir.job(jobId, `${stream}.log`);
  }

  isOpen(nodeId: string): boolean {
    const status = this.#row(nodeId)?.state.status;
    return status !== undefined && !['completed', 'failed', 'cancelled'].includes(status);
  }

  #row(nodeId: string): ExperimentRow | undefined {
    const { experiments } = this.feed.record.state;
    return Object.hasOwn(experiments, nodeId) ? experiments[nodeId] : undefined;
  }

  #commitBefore(row: ExperimentRow, against: string): string | null {
    const { state } = this.feed.record;
    if (against === 'yours') return state.anchorCommit;
    if (against === 'baseline') return state.baseCommit;
    if (against === 'parent') {
      const parent = this.#row(treeParent(row) ?? '');
      return row.startCommit ?? (parent && commitOf(parent)) ?? state.baseCommit;
    }
    const other = this.#row(against);
    return other ? commitOf(other) : null;
  }

  /** Null while the workdir's own server is off; that of a configured one is not known. */
  async #temporalUi(): Promise<string | null> {
    return (await runningServer(this.feed.workdir).catch(() => null))?.ui_address ?? null;
  }

  /** A workdir becomes no copy while somebody looks at it; what could not be read is asked for again. */
  #original(): Promise<string | null> {
    this.#copyOf ??= originalOf(this.feed.workdir).catch((error: unknown) => {
      this.#copyOf = null;
      throw error;
    });
    return this.#copyOf;
  }

  /** As it was found last: each look costs calls to the server, and nobody waits for one. */
  #stalledNow(): readonly StalledWork[] {
    const { workdir, config, record } = this.feed;
    if (Date.now() - this.#stalled.atMs > STALLED_LOOK_MS) {
      this.#stalled.atMs = Date.now();
      import('../stalled/stalled-watch.js')
        .then(({ stalledNow }) => stalledNow(workdir, config, record.state))
        .then((found) => {
          this.#stalled.found = found;
        })
        .catch(() => undefined);
    }
    return this.#stalled.found;
  }
}

/** Widths of pages that are open at the same time. */
const CHARTS_KEPT = 12;
const STALLED_LOOK_MS = 180_000;

/** With the command that it runs, which is the run's own where it names none. */
function launchedBy(spec: Spec, { base_launch_command: command }: RunConfig): Spec {
  return { ...spec, launch_command: spec.launch_command || command };
}

function workflowLink(ui: string, workflowId: string): string {
  return `${ui.replace(/\/$/, '')}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** The bytes of a file from `offset` on, at most `most`; null where there is no file. */
export async function readBytes(
  path: string,
  offset: number,
  most: number,
): Promise<{ data: Buffer; size: number } | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const data = Buffer.alloc(Math.max(0, Math.min(size - offset, most)));
    const { bytesRead } = await file.read(data, 0, data.length, offset);
    return { data: data.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}
