/** What a run's experiments are by content: finds the one that has the same code and launch command as another. */

import { commandKey, firstAlike, isOriginal } from '../domain/belief/copied-work.js';
import type { Spec } from '../domain/formats/spec.js';
import { hasFailed } from '../domain/proposals/change-set.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { commitOf, type ExperimentRow } from '../domain/run/experiment-record.js';
import type { RunContext } from '../workdir/run-context.js';
import { readSpecs } from '../workdir/spec-store.js';
import type { SourceControl } from './control/source-control.js';

interface Work {
  /** Content hash of the code (source-control.ts). */
  content: string;
  command: string;
}

export class KnownWork {
  /** Content by commit, and specifications by node id: neither ever changes, so that each is looked up once. */
  readonly #contents = new Map<string, string>();
  readonly #specs = new Map<string, Spec>();
  /** Who had a work first in this process: experiments that are prepared at one time do not stand in the log yet. */
  readonly #claims = new Map<string, string>();

  constructor(private readonly deps: { context: RunContext; sourceControl: SourceControl }) {}

  /** The experiment that tries this work, or will: a person's own code is known while it is still queued. */
  async originalOf(state: EngineState, work: Work): Promise<string | null> {
    return await this.#find(state, work, (row) => isOriginal(row));
  }

  /** The same for an experiment whose commit was just made; without another, the work is this one's from now on. */
  async claim(state: EngineState, { nodeId }: ExperimentRow, work: Work): Promise<string | null> {
    const isOther = (row: ExperimentRow) => row.nodeId !== nodeId && isOriginal(row) && commitOf(row) !== null;
    const known = await this.#find(state, work, isOther);
    if (known !== null) return known;
    const key = `${work.content}\n${commandKey(work.command)}`;
    const holder = this.#claims.get(key);
    if (holder !== undefined && holder !== nodeId && isTried(state, holder)) return holder;
    this.#claims.set(key, nodeId);
    return null;
  }

  async #find(state: EngineState, { content, command }: Work, mayBe: (row: ExperimentRow) => boolean) {
    const rows = Object.values(state.experiments).filter(mayBe);
    await this.#readContents(rows.flatMap((row) => codeOf(state, row) ?? []));
    const queued = rows.filter((row) => codeOf(state, row) === null && row.origin.from === 'user');
    await this.#readSpecs(state, queued);
    const alike = rows.filter((row) => this.#contentOf(state, row) === content);
    await this.#readSpecs(state, alike);
    const wanted = commandKey(command);
    const ids = new Set(alike.map((row) => row.nodeId));
    const commandOf = ({ nodeId }: ExperimentRow) => commandKey(this.#specs.get(nodeId)?.launch_command ?? '');
    return firstAlike(state, (row) => ids.has(row.nodeId) && commandOf(row) === wanted);
  }

  async #readContents(commits: readonly string[]): Promise<void> {
    const unknown = [...new Set(commits)].filter((commit) => !this.#contents.has(commit));
    if (unknown.length === 0) return;
    for (const [commit, content] of await this.deps.sourceControl.contentHashes(unknown))
      this.#contents.set(commit, content);
  }

  async #readSpecs(state: EngineState, rows: readonly ExperimentRow[]): Promise<void> {
    const { workdir, config } = this.deps.context;
    const nodeIds = rows.map((row) => row.nodeId);
    await readSpecs(workdir, config, state, nodeIds, this.#specs);
  }

  #contentOf(state: EngineState, row: ExperimentRow): string | undefined {
    const commit = codeOf(state, row);
    if (commit !== null) return this.#contents.get(commit);
    const content = this.#specs.get(row.nodeId)?.content_hash;
    return typeof content === 'string' ? content : undefined;
  }
}

/** The commit of its code, as far as the log tells: the baseline's is known before it was prepared. */
function codeOf(state: EngineState, row: ExperimentRow): string | null {
  return commitOf(row) ?? (row.kind === 'baseline' ? state.baseCommit : null);
}

function isTried(state: EngineState, nodeId: string): boolean {
  const row = Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
  return row !== undefined && !hasFailed(row);
}
