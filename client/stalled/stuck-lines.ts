/**
 * That nothing of a run goes on by itself, and that it goes on again, as one line each: for whoever reads what it
 * printed where no terminal shows a panel. What the server tries again and again is told by stalled-watch.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Diagnostic } from '../../domain/overview/diagnostic.js';
import { fullDisk, isOfStalled } from '../../domain/overview/diagnostics.js';
import { held } from '../../domain/overview/slow-steps.js';
import { timeText } from '../../domain/reports/quantity-text.js';
import { shortOfRoom } from '../../host/disk-room.js';
import type { Workdir } from '../../workdir/paths.js';
import { pendingJobs } from '../../workdir/pending-jobs.js';
import { timedLine } from '../run/progress.js';
import { LiveState } from '../run/run-state.js';
import { type StatusAnswer, statusAnswer } from '../run/run-status.js';

/** A disk that is nearly full has room and none in turns, and a queue moves: less than this is the same wait. */
const OVER_MS = 30_000;
/** A scheduler may have other words for the same wait each minute. */
const SAID_AGAIN_MS = 600_000;
/** What nobody waits for at a terminal. */
const LOOK_MS = 10_000;

/** What a run is stuck by now. */
export function stuckBy({ overview, short_of_room: room, stalled }: StatusAnswer): Diagnostic[] {
  if (overview === null) return room === null ? [] : [fullDisk(room)];
  const found = overview.diagnostics.filter((each) => each.level === 'stuck' && !isOfStalled(each, stalled));
  return [...found, ...held(overview.under_way)];
}

interface Told {
  what: string;
  reasons: Set<string>;
  atMs: number;
  /** When it was seen last. */
  seenMs: number;
}

export class StuckLines {
  readonly #told = new Map<string, Told>();

  /** What is new since the last call, without a time of day. */
  next(now: readonly Diagnostic[], nowMs: number): string[] {
    const lines: string[] = [];
    for (const each of now) {
      const key = subjectOf(each.what);
      const before = this.#told.get(key);
      if (before !== undefined) before.seenMs = nowMs;
      const isSaid = before !== undefined && (before.reasons.has(each.why) || nowMs - before.atMs < SAID_AGAIN_MS);
      if (isSaid) continue;
      const since = timeText(each.since === null ? nowMs : Date.parse(each.since));
      lines.push(`stuck: ${each.what}, since ${since}: ${each.why}; to do: ${each.advice}`);
      const reasons = new Set([...(before?.reasons ?? []), each.why]);
      this.#told.set(key, { what: key, reasons, atMs: nowMs, seenMs: nowMs });
    }
    for (const [key, { what, seenMs }] of this.#told) {
      if (nowMs - seenMs < OVER_MS) continue;
      this.#told.delete(key);
      lines.push(`goes on: it is no longer stuck (${what})`);
    }
    return lines;
  }
}

/** Without what grows while it lasts: how long, and how much room is left. */
function subjectOf(what: string): string {
  return what.replace(/ for [\d.]+ .*$/, '');
}

/** The same for a run that another process of this host begins, or nobody looks at; ends when `signal` aborts. */
export async function watchStuck(
  workdir: Workdir,
  config: RunConfig,
  { say, signal, lookMs = LOOK_MS }: { say: (line: string) => void; signal: AbortSignal; lookMs?: number },
): Promise<void> {
  const live = new LiveState(workdir, config);
  const lines = new StuckLines();
  const engine = { pid: process.pid, since: new Date().toISOString() };
  while (!signal.aborted) {
    await live.catchUp();
    const room = await shortOfRoom(workdir.root);
    const pending = await pendingJobs(workdir, live.state);
    const record = live.state.seq === 0 ? null : live.record;
    const known = { engine, temporal: null, stalled: [], room, pending };
    const now = stuckBy(statusAnswer({ workdir, config, record, ...known }));
    for (const line of lines.next(now, Date.now())) say(timedLine(line, Date.now()));
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
  }
}
