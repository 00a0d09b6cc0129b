/** What the dashboard's server answers to its page, beside the board itself. Imports types alone, as board-types.ts. */
import type { Board, ExperimentPage } from './board-types.js';
import type { DiffFile } from './diff-lines.js';

export interface RunInfo {
  /** How requests name it: its place among the runs that are shown. */
  index: number;
  run: string;
  workdir: string;
  /** Name of the workdir's folder. */
  title: string;
}

export interface BoardAnswer {
  info: RunInfo;
  /** Null before the first event. */
  board: Board | null;
  /** Whether a process serves the run, so that it can be steered. */
  served: boolean;
  /** The engine's workflow in the Temporal UI; null while no server with a UI is known to run. */
  temporal: string | null;
}

export interface ExperimentAnswer {
  page: ExperimentPage;
  /** analysis.md as HTML in which nothing is executed or loaded; '' while there is none. */
  analysis: string;
  temporal: string | null;
  /** Whether the job's output stands in the workdir. */
  hasLog: boolean;
}

export interface DiffAnswer {
  from: string;
  to: string;
  files: DiffFile[];
  /** Why there is none; null where there is one. */
  problem: string | null;
}

/** What a person asks of a run, by the names of the commands; `move` puts a waiting experiment at another place. */
export type Change =
  | { do: 'pause' | 'resume' }
  | { do: 'stop'; mode: 'interrupt' | 'drain' | 'cancel_jobs' }
  | { do: 'move'; node: string; to: number }
  | { do: 'prioritize'; node: string; priority: number }
  | { do: 'remove' | 'cancel'; node: string }
  | { do: 'approve'; node: string }
  | { do: 'approve_changed'; node: string; change: string }
  | { do: 'refuse'; node: string; reason: string }
  /** When a person is asked before something is done. */
  | { do: 'ask_for'; stage: 'none' | 'plans' | 'edits' }
  | { do: 'note'; text: string }
  | { do: 'add'; name: string; description: string; hypothesis: string; launchCommand: string; priority: number };

/** A receipt of the engine, or why nothing was changed. */
export interface ChangeAnswer {
  accepted: boolean;
  message: string;
}
