/**
 * A tree to look at: opened for one task and closed after it, so that what an agent command does there reaches no job.
 */
import { relative } from 'node:path';
import type { RunConfig } from '../domain/formats/config.js';
import type { SourceControl, SourceTree } from './control/source-control.js';
import { targetPython } from './target-python.js';

/** Where the code is that a task is about. */
export interface SourceView {
  /** Absolute: the source directory inside a tree. Read only for agents. */
  dir: string;
  /** The pipeline script, relative to `dir`. */
  script: string;
  /** The target's interpreter. */
  python: string;
  /** What it shows; absent where that is no commit of the run. */
  commit?: string;
}

/** The pipeline script's path relative to the source directory. */
export function scriptOf(config: Pick<RunConfig, 'source_dir' | 'pipeline_script'>): string {
  return relative(config.source_dir, config.pipeline_script);
}

/** No experiment's name begins so: counters do. */
export const VIEW_PREFIX = 'view_';

/**
 * Opens the tree of this name at the commit for as long as the work lasts. Two pieces of work may look at one tree at a
 * time: after a reset of its workflow an activity begins anew while its first run has not heard yet that it is over.
 * The last one closes it.
 */
export async function withSource<T>(
  deps: { config: RunConfig; sourceControl: SourceControl },
  name: string,
  commit: string,
  work: (source: SourceView) => Promise<T>,
): Promise<T> {
  const tree = await opened(deps.sourceControl, `${VIEW_PREFIX}${name}`, commit);
  try {
    const python = await targetPython(deps.config);
    return await work({ dir: tree.sourceDir, script: scriptOf(deps.config), python, commit });
  } finally {
    await closed(deps.sourceControl, `${VIEW_PREFIX}${name}`);
  }
}

interface OpenView {
  users: number;
  /** What was last begun with the folder: opening and closing follow one another. */
  last: Promise<unknown>;
}

const views = new WeakMap<SourceControl, Map<string, OpenView>>();

function viewOf(sourceControl: SourceControl, name: string): OpenView {
  const known = views.get(sourceControl) ?? new Map<string, OpenView>();
  views.set(sourceControl, known);
  const view = known.get(name) ?? { users: 0, last: Promise.resolve() };
  known.set(name, view);
  return view;
}

async function opened(sourceControl: SourceControl, name: string, commit: string): Promise<SourceTree> {
  const view = viewOf(sourceControl, name);
  view.users += 1;
  const tree = view.last.then(() => sourceControl.openTree(name, commit));
  view.last = tree.catch(() => {});
  return await tree.catch(async (error: unknown) => {
    await closed(sourceControl, name);
    throw error;
  });
}

async function closed(sourceControl: SourceControl, name: string): Promise<void> {
  const view = viewOf(sourceControl, name);
  view.users -= 1;
  const close = view.last.then(() => (view.users > 0 ? undefined : sourceControl.closeTree(name)));
  view.last = close.catch(() => {});
  await close;
  if (view.users === 0) views.get(sourceControl)?.delete(name);
}
