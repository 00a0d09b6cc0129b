/** What is known of the incumbent when moves are looked for. */
import type { SystemUse } from '../../domain/evidence/evidence.js';
import type { KeptResults } from '../../domain/evidence/kept-results.js';
import type { Diagnosis } from '../../domain/memory/stage-rules.js';
import type { Survey } from '../survey.js';
import type { Axis } from './axes.js';
import type { Setting } from './settings.js';

export interface Situation {
  survey: Survey;
  axes: Axis[];
  setting: Setting;
  diagnosis: Diagnosis;
  /** How many times as fast the pipeline may become at most, by headspace and fetch time. */
  headroom: number;
  /** Share of the machine's cores in use, 0 to 1; null when unknown. */
  cpuUse: number | null;
  cpuCores: number | null;
  numThreads: number | null;
  /** Whether the job was seen on a GPU. */
  hasGpu: boolean;
  /** What caches of stages told of themselves in any job. */
  kept: readonly KeptResults[];
}

/** By nvidia-smi, which the probe asks where it is there. */
export function hasGpu({ gpuMemoryMb, smPct }: Pick<SystemUse, 'gpuMemoryMb' | 'smPct'>): boolean {
  return gpuMemoryMb !== null || smPct !== null;
}

/** What is said without any sign for or against: worth a try after everything better. */
export const FAINT = 0.03;
