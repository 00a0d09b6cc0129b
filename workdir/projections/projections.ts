/**
 * The projections of a run, kept up to date: which nodes changed since the last renewal, the serialized rows of the
 * others, and the whole-file tables made of both. A function of the event log and the specifications, so that a running
 * engine and a rebuild write the same bytes. A node's files are renewed at once; the tables of the whole run, which
 * grow with it, as often as their cost allows.
 */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RunConfig } from '../../domain/formats/config.js';
import type { NodeFile } from '../../domain/formats/files.js';
import type { Spec } from '../../domain/formats/spec.js';
import { findingsReport } from '../../domain/reports/findings.js';
import { masterTableHeader, masterTableLine } from '../../domain/reports/master-table.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import { summaryReport } from '../../domain/reports/summary-text.js';
import { type ExperimentRow, isTerminal } from '../../domain/run/experiment-record.js';
import type { Workdir } from '../paths.js';
import { readSpecs } from '../spec-store.js';
import { DutyCycle } from './duty-cycle.js';
import { FileRenewal } from './file-renewal.js';
import { localIso } from './file-time.js';
import { type FileTexts, json, nodeFiles, treeNode } from './node-projection.js';
import {
  activeFile,
  checkpointSpecs,
  engineStateFile,
  historyEntry,
  queueFile,
  runStatus,
  stateFile,
} from './run-projection.js';

/** Of the time of a run so much may go into its whole-file tables. */
const TABLES_SHARE = 0.05;
/** So much at once, so that the files of a small run are always up to date. */
const TABLES_CREDIT_MS = 300;

/** What the whole-file tables hold of an experiment that ended: only an event of its own changes it again. */
interface EndedRows {
  history: string;
  masterTable: string;
}

export class Projections {
  private readonly files = new FileRenewal();
  private readonly specs = new Map<string, Spec>();
  private readonly nodes = new Map<string, { file: NodeFile; text: string }>();
  private readonly ended = new Map<string, EndedRows>();
  /** Sequence number of the last event whose changes are on disk; 0 renews everything. */
  private renewedSeq = 0;
  private shown: RunRecord | null = null;
  /** Nodes of a record that is no more, whose files may have to go. */
  private readonly before = new Set<string>();

  constructor(
    private readonly workdir: Workdir,
    private readonly config: RunConfig,
    /** When the tables' turn comes. */
    private readonly tables = new DutyCycle(TABLES_SHARE, TABLES_CREDIT_MS),
  ) {}

  private get metric(): string | null {
    return this.config.metric?.name ?? null;
  }

  /** Brings every file to what `record` says. After an error the next call does what this one has not done. */
  async renew(record: RunRecord): Promise<void> {
    await this.renewNodes(record);
    await this.renewTables(record);
  }

  /**
   * The same, but the tables wait where their turn has not come: `tablesDueInMs` is then the time until it does. A run
   * that nobody works on any more has all its files up to date.
   */
  async renewInTurn(record: RunRecord): Promise<{ tablesDueInMs: number | null }> {
    await this.renewNodes(record);
    const { status } = record.state;
    const waitMs = status === 'stopped' || status === 'interrupted' ? 0 : this.tables.waitMs();
    if (waitMs > 0) return { tablesDueInMs: waitMs };
    await this.renewTables(record);
    return { tablesDueInMs: null };
  }

  async renewTables(record: RunRecord): Promise<void> {
    await this.tables.spend(() => this.files.renew(this.wholeFiles(record)));
  }

  private async renewNodes(record: RunRecord): Promise<void> {
    this.forgetAnother(record);
    let changed: Set<string>;
    let seq: number;
    do {
      seq = record.state.seq;
      changed = new Set([...this.before, ...record.touched.slice(this.renewedSeq).flat()]);
      await readSpecs(this.workdir, this.config, record.state, changed, this.specs);
      // The record is renewed in place: what was read must belong to what is shown.
    } while (seq !== record.state.seq);
    const removed: string[] = [];
    const texts: FileTexts = new Map();
    for (const nodeId of changed) {
      const row = record.state.experiments[nodeId];
      if (!row) removed.push(nodeId);
      this.project(record, nodeId, row);
      for (const [path, text] of nodeFiles(this.workdir, record, nodeId, row, this.specs.get(nodeId)))
        texts.set(path, text);
    }
    await this.files.renew(texts);
    // A removed experiment never ran: its folder holds nothing else.
    for (const nodeId of removed)
      await rm(dirname(this.workdir.node(nodeId, 'spec.json')), { recursive: true, force: true });
    this.before.clear();
    this.renewedSeq = seq;
  }

  /** A log that forked is another record: everything is looked at again. */
  private forgetAnother(record: RunRecord): void {
    if (this.shown !== null && this.shown !== record) {
      for (const nodeId of Object.keys(this.shown.state.experiments)) this.before.add(nodeId);
      for (const known of [this.specs, this.nodes, this.ended]) known.clear();
      this.renewedSeq = 0;
    }
    this.shown = record;
  }

  private project(record: RunRecord, nodeId: string, row: ExperimentRow | undefined): void {
    // What its result is worth may have been decided after its end.
    this.ended.delete(nodeId);
    const spec = this.specs.get(nodeId);
    if (!row || !spec) {
      this.nodes.delete(nodeId);
      return;
    }
    const file = treeNode(record, row, spec);
    this.nodes.set(nodeId, { file, text: indented(file) });
  }

  private wholeFiles(record: RunRecord): FileTexts {
    const { state } = record;
    const status = runStatus(record);
    const ended = record.ended.flatMap(({ nodeId, iteration }) => this.endedRows(record, nodeId, iteration) ?? []);
    const nodes = Object.keys(state.experiments).flatMap((nodeId) => this.nodes.get(nodeId)?.text ?? []);
    const checkpoint = checkpointSpecs(record, (nodeId) => this.nodes.get(nodeId)!.file);
    const timestamp = localIso(state.updatedAtMs);
    return new Map<string, string | null>([
      [this.workdir.tree, jsonArray(nodes)],
      [
        this.workdir.state,
        stateText(
          record,
          ended.map((rows) => rows.history),
        ),
      ],
      [
        this.workdir.masterTable,
        `${[masterTableHeader(this.metric), ...ended.map((rows) => rows.masterTable)].join('\n')}\n`,
      ],
      [this.workdir.findings, findingsReport(record)],
      [this.workdir.summary, summaryReport(record)],
      [this.workdir.checkpoint, json({ schema_version: 2, status, timestamp, ...checkpoint })],
      [this.workdir.engineState, json(engineStateFile(record))],
      [this.workdir.queue, json(queueFile(record))],
      [this.workdir.active, json(activeFile(record))],
      [this.workdir.setupFailures, json(state.setupFailures)],
    ]);
  }

  private endedRows(record: RunRecord, nodeId: string, iteration: number): EndedRows | null {
    const known = this.ended.get(nodeId);
    if (known) return known;
    const row = record.state.experiments[nodeId];
    const spec = this.specs.get(nodeId);
    if (!row || !spec || !isTerminal(row)) return null;
    const rows = {
      history: indented(historyEntry(record, row, iteration), 4),
      masterTable: masterTableLine(row, spec, this.metric),
    };
    this.ended.set(nodeId, rows);
    return rows;
  }
}

/** JSON as an element of an array that stands `spaces` deep. */
function indented(value: unknown, spaces = 2): string {
  const margin = ' '.repeat(spaces);
  return margin + JSON.stringify(value, null, 2).replaceAll('\n', `\n${margin}`);
}

function jsonArray(rows: readonly string[]): string {
  return rows.length === 0 ? '[]\n' : `[\n${rows.join(',\n')}\n]\n`;
}

/** state.json: the history, its last key, is put together from rows that are serialized already. */
function stateText(record: RunRecord, history: readonly string[]): string {
  const head = JSON.stringify(stateFile(record), null, 2).slice(0, -'\n}'.length);
  return `${head},\n  "history": ${history.length === 0 ? '[]' : `[\n${history.join(',\n')}\n  ]`}\n}\n`;
}
