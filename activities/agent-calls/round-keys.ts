/** Under which the calls of planning rounds and of reports are remembered. */
import type { RunRecord } from '../../domain/reports/run-record.js';

export function planKey(iteration: number): string {
  return `plan_${String(iteration).padStart(3, '0')}`;
}

/** A run that goes on after its end is reported on anew. */
export function reportKey({ ended }: RunRecord): string {
  return `report_${ended.length}`;
}
