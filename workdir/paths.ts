/** Where everything stands in a workdir: the one home of its file names. All paths are absolute. */
import { join } from 'node:path';

export class Workdir {
  constructor(readonly root: string) {}

  readonly at = (...parts: string[]): string => join(this.root, ...parts);

  get config() {
    return this.at('config.json');
  }
  get state() {
    return this.at('state.json');
  }
  get masterTable() {
    return this.at('master_table.tsv');
  }
  get summary() {
    return this.at('summary.md');
  }
  get findings() {
    return this.at('findings.md');
  }
  get report() {
    return this.at('report.md');
  }
  get finalReport() {
    return this.at('final_report.md');
  }
  get progressChart() {
    return this.at('progress.png');
  }
  get dimensionsChart() {
    return this.at('dimension_curves.png');
  }
  get treeChart() {
    return this.at('hypothesis_tree.png');
  }
  /** The run as one HTML file. */
  get sharedPage() {
    return this.at('run.html');
  }
  get pipelineCopy() {
    return this.at('pipeline.py');
  }
  get engine() {
    return this.at('engine');
  }
  get events() {
    return this.at('engine', 'events.jsonl');
  }
  /** Events that an engine had written and its successor took back. */
  get supersededEvents() {
    return this.at('engine', 'events-superseded.jsonl');
  }
  /** Whom the events that the log gave up last had granted a slot. */
  get logFork() {
    return this.at('engine', 'log-fork.json');
  }
  get logOwner() {
    return this.at('engine', 'log-owner.json');
  }
  /** Where the workdir itself was when it was served last. */
  get place() {
    return this.at('engine', 'place.json');
  }
  /** That `clean` gave up what the run held of the repository and the disk. */
  get cleaned() {
    return this.at('engine', 'cleaned.json');
  }
  get checkpoint() {
    return this.at('engine', 'checkpoint.json');
  }
  get engineState() {
    return this.at('engine', 'engine_state.json');
  }
  get tree() {
    return this.at('engine', 'tree.json');
  }
  get queue() {
    return this.at('engine', 'queue.json');
  }
  get active() {
    return this.at('engine', 'active.json');
  }
  get setupFailures() {
    return this.at('engine', 'setup_failures.json');
  }
  get temporal() {
    return this.at('engine', 'temporal.json');
  }
  get source() {
    return this.at('engine', 'source.json');
  }
  /** What files were like that trees link to, before the first job. */
  get linkedFiles() {
    return this.at('engine', 'linked_files.json');
  }
  /** Images that were built, by the tree's content and the build command. */
  get images() {
    return this.at('engine', 'images');
  }
  get privateStore() {
    return this.at('source.git');
  }
  get trees() {
    return this.at('trees');
  }
  get logs() {
    return this.at('logs');
  }
  get log() {
    return this.at('logs', 'autoresearch.log');
  }
  get lastBuildError() {
    return this.at('logs', 'last_build_error.txt');
  }
  get localJobs() {
    return this.at('local_jobs');
  }

  /** All that a run writes at the top and would write over, but config.json, which says that a run is here. */
  get ownFiles(): string[] {
    const tables = [this.state, this.masterTable, this.summary, this.findings, this.report, this.finalReport];
    const charts = [this.progressChart, this.dimensionsChart, this.treeChart];
    return [...tables, ...charts, this.sharedPage, this.pipelineCopy];
  }
  /** Folders of which a run takes every file for its own, and removes some. */
  get ownFolders(): string[] {
    return [this.engine, this.privateStore, this.trees, this.localJobs, this.at('runs')];
  }

  plan(iteration: number) {
    return this.at('engine', 'plans', `${String(iteration).padStart(3, '0')}.json`);
  }
  request(id: string) {
    return this.at('engine', 'requests', `${id}.json`);
  }
  /** What the owner's own `add` asks for, beside its message. */
  offer(id: string) {
    return this.at('engine', 'offers', `${id}.json`);
  }
  /** Messages to a run that nobody served when they were given. */
  get box() {
    return this.at('engine', 'box');
  }
  boxed(request: string) {
    return this.at('engine', 'box', `${request}.json`);
  }
  /**
   * What another engine had written before ours took the run over, and which jobs of its were out (jobs/<node>.json).
   */
  adopted(...parts: string[]) {
    return this.at('engine', 'adopted', ...parts);
  }
  node(nodeId: string, file: 'spec.json' | 'status.txt' | 'result.json' | 'failure.json') {
    return this.at('engine', 'nodes', nodeId, file);
  }
  run(nodeId: string, ...parts: string[]) {
    return this.at('runs', nodeId, ...parts);
  }
  evidence(nodeId: string) {
    return this.run(nodeId, 'evidence.json');
  }
  metrics(nodeId: string) {
    return this.run(nodeId, 'metrics');
  }
  treeOf(nodeId: string) {
    return this.at('trees', nodeId);
  }
  job(jobId: string, ...parts: string[]) {
    return this.at('local_jobs', jobId, ...parts);
  }
}
