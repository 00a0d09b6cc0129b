/** A synthetic run folded in memory, with the specifications of its experiments. */

import { type Spec, SpecSchema } from '../../domain/formats/spec.js';
import { applyToRecord, newRunRecord, type RunRecord } from '../../domain/reports/run-record.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import type { SyntheticRun } from './run-events.js';

export function recordOf(events: readonly EngineEvent[]): RunRecord {
  const record = newRunRecord();
  for (const event of events) applyToRecord(record, event);
  return record;
}

export function specsOf(run: SyntheticRun, record: RunRecord): Map<string, Spec> {
  const specs = new Map<string, Spec>();
  for (const row of Object.values(record.state.experiments)) {
    const { origin, nodeId, name } = row;
    const planned = origin.from === 'plan' ? run.plans.get(origin.iteration)?.[origin.index] : undefined;
    specs.set(nodeId, planned ?? SpecSchema.parse({ name, change_summary: name }));
  }
  return specs;
}
