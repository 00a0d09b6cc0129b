/** What lies between the end of a job and the first line of the next one in its slot, part by part, in milliseconds. */
import type { EngineEvent } from '../../domain/run/event-types.js';
import type { JobLine } from '../../test/support/command-run.js';

export interface Gap {
  /** From the job's last line until its runner has recorded the end, and until the engine knows. */
  noticed: number;
  /** Until the slot is granted to the next one. */
  granted: number;
  /** Until that one's runner has started its command. */
  launched: number;
  /** Until the command's first line: an interpreter's start. */
  begun: number;
  all: number;
}

export const GAP_PARTS = ['noticed', 'granted', 'launched', 'begun', 'all'] as const satisfies (keyof Gap)[];

/** One for each job that had another one in its slot before it, where something was waiting when that one ended. */
export function slotGaps(events: readonly EngineEvent[], lines: readonly JobLine[]): Gap[] {
  const at = (event: JobLine['event']) =>
    new Map(lines.filter((line) => line.event === event).map(({ node, t }) => [node, 1000 * t]));
  const [begins, ends] = [at('start'), at('end')];
  const known = new Map<string, number>();
  const launches = new Map<string, number>();
  const holders = new Map<number, string>();
  const gaps: Gap[] = [];
  const granted: { nodeId: string; before: string; atMs: number }[] = [];
  for (const event of events) {
    if (event.type === 'job_ended') known.set(event.nodeId, event.atMs);
    if (event.type === 'job_launched') launches.set(event.nodeId, event.launchedAtMs);
    if (event.type !== 'slot_granted') continue;
    const before = holders.get(event.slot);
    holders.set(event.slot, event.nodeId);
    if (before !== undefined) granted.push({ nodeId: event.nodeId, before, atMs: event.atMs });
  }
  for (const { nodeId, before, atMs } of granted) {
    const times = [ends.get(before), known.get(before), atMs, launches.get(nodeId), begins.get(nodeId)];
    if (times.some((time) => time === undefined)) continue;
    const [end, noticed, grant, launch, begin] = times as number[];
    gaps.push({
      noticed: noticed! - end!,
      granted: grant! - noticed!,
      launched: launch! - grant!,
      begun: begin! - launch!,
      all: begin! - end!,
    });
  }
  return gaps;
}
