/**
 * A tree to look at: opened for one task and closed after it, so that what an agent command does there reaches no job.
 */
import { relative } from 'node:path';
import type { RunConfig } from '../domain/formats/config.js';
import type { SourceControl } from './control/source-control.js';
import { targetPython } from './target-python.js';

/** Where the code is that a task is about. */
export interface SourceView {
  /** Absolute: the source directory inside a tree. Read only for agents. */
  dir: string;
  /** The pipeline script, relative to `dir`. */
  script: string;
  /** The target's interpreter. */
  python: string;
}

/** The pipeline script's path relative to the source directory. */
export function scriptOf(config: Pick<RunConfig, 'source_dir' | 'pipeline_script'>): string {
  return relative(config.source_dir, config.pipeline_script);
}

/** No experiment's name begins so: counters do. */
export const VIEW_PREFIX = 'view_';

export async function withSource<T>(
  deps: { config: RunConfig; sourceControl: SourceControl },
  name: string,
  commit: string,
  work: (source: SourceView) => Promise<T>,
): Promise<T> {
  const view = `${VIEW_PREFIX}${name}`;
  const tree = await deps.sourceControl.openTree(view, commit);
  try {
    const python = await targetPython(deps.config);
    return await work({ dir: tree.sourceDir, script: scriptOf(deps.config), python });
  } finally {
    await deps.sourceControl.closeTree(view);
  }
}
