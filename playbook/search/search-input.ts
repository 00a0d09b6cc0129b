/** What the search looks at. */
import type { HistoryEntry, PlanTask } from '../../agents/agent.js';
import type { Evidence } from '../../domain/evidence/evidence.js';
import type { SearchMemory } from '../../domain/memory/search-memory.js';
import type { OperatingPoint } from '../../domain/model/operating-point.js';
import type { Survey } from '../survey.js';
import type { Axis } from './axes.js';
import type { Move } from './scored-moves.js';
import type { Trial } from './trials.js';

export interface SearchInput {
  /** Of the base commit with the base launch command. */
  survey: Survey;
  history: readonly HistoryEntry[];
  /** By node id. */
  evidence: Readonly<Record<string, Evidence>>;
  /** What each job told of its pipeline, by node id; of a job that is missing here its evidence tells it. */
  points?: Readonly<Record<string, OperatingPoint>>;
  /** Ask the model of the pipeline for joint settings; else the search goes by rules alone. */
  withModel?: boolean;
  baseCommit: string;
  bestNodeId: string | null;
  memory: SearchMemory;
  maxConcurrency: number;
  /** Parts of the best that did not help by themselves (agents/agent.ts). */
  doubted?: PlanTask['doubted'];
  /** Best-practice tags that were neither tried nor found inapplicable. */
  untried: readonly string[];
  /** Whether the engine would run it; what it would refuse is not proposed. */
  allows(move: Move, axes: readonly Axis[], incumbent: Trial): boolean;
}
