/** Tells of a run while a person talks: each result, plan, verdict and end as a line, and what cannot go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { untilChange } from '../../host/file-change.js';
import type { Workdir } from '../../workdir/paths.js';
import { errorText } from '../output/error-text.js';
import { diagnosticLines } from '../output/overview-text.js';
import { progressLine, standingLine, timedLine } from '../run/progress.js';
import { engineLife, LiveState } from '../run/run-state.js';

/** Events that a person waits for; the steps in between are in the log. */
const TOLD: ReadonlySet<EngineEvent['type']> = new Set([
  ...([
    'setup_completed',
    'setup_failed',
    'experiment_completed',
    'experiment_failed',
    'experiment_cancelled',
  ] as const),
  ...([
    'best_changed',
    'candidate_judged',
    'drift_found',
    'verification_started',
    'plan_received',
    'planning_failed',
  ] as const),
  ...(['given_refused', 'add_unchecked', 'paused', 'resumed', 'returned', 'stop_requested'] as const),
  ...(['limit_reached', 'stopped', 'reported', 'limits_set', 'note_added', 'job_launched'] as const),
]);

export interface RunPlace {
  workdir: Workdir;
  config: RunConfig;
}

/** Until `signal` aborts. What happened before is told in one line. */
export async function followRun(
  { workdir, config }: RunPlace,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const live = new LiveState(workdir, config);
  try {
    await live.catchUp();
    if (live.state.seq > 0) say(standingLine(live.state));
    let wasServed = (await engineLife(workdir)) !== null;
    while (!signal.aborted) {
      await untilChange(workdir.events, signal);
      await live.catchUp((event, warnings) => {
        const line = TOLD.has(event.type) ? progressLine(live.state, event) : null;
        for (const each of [...(line === null ? [] : [line]), ...warnings]) say(timedLine(each, event.atMs));
      });
      const isServed = (await engineLife(workdir)) !== null;
      const { status } = live.state;
      if (wasServed && !isServed && status !== 'stopped' && status !== 'interrupted') {
        say(diagnosticLines(GONE).join('\n'));
      }
      wasServed = isServed;
    }
  } catch (error) {
    if (signal.aborted) return;
    say(`the run cannot be followed any more: ${errorText(error)}`);
    await sleep(0);
  }
}

const GONE = {
  level: 'stuck',
  what: 'the engine has gone',
  since: null,
  why: 'its process ended without a word',
  advice: 'leave with "quit" and come back: the supervisor starts it again, and nothing is lost',
} as const;
