/** Looks for stalled work while a run is followed, at long intervals: what is new is told, and what has passed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { Workdir } from '../../workdir/paths.js';
import { findConnection, openClient } from '../../worker/connection.js';
import { type StalledWork, stalledText } from '../output/stalled-text.js';
import { type Asked, stalledWork } from './stalled-work.js';

/** With the engine three calls a look, whatever the number of experiments: they take turns. */
const EXPERIMENTS_A_LOOK = 2;
/** One call a minute: what is stalled is tried again for hours, and a run's server has a job to leave alone. */
export const LOOK_MS = 3 * 60_000;
/** Whoever begins a run whose agents' worker is missing is still at the terminal then. */
const FIRST_LOOK_MS = 20_000;

interface StalledWatch {
  client: Client;
  config: Asked;
  state: () => EngineState;
  tell: (line: string) => void;
  /** What is stalled now, after each look. */
  seen: (stalled: readonly StalledWork[]) => void;
  signal: AbortSignal;
  lookMs?: number;
}

/** Ends when `signal` aborts, after the call that is out. */
export async function watchStalled({ client, config, state, tell, seen, signal, lookMs = LOOK_MS }: StalledWatch) {
  const known = new Map<string, StalledWork>();
  let turn = 0;
  for (let pauseMs = config.agent_queue === '' ? lookMs : Math.min(lookMs, FIRST_LOOK_MS); ; pauseMs = lookMs) {
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const open = underWay(state());
    const looked = open.length === 0 ? [] : [0, 1].map((step) => open[(turn + step) % open.length]!);
    turn += EXPERIMENTS_A_LOOK;
    const nodeIds = [...new Set(looked)];
    const found = await stalledWork(client, config, nodeIds);
    if (signal.aborted) return;
    const asked = new Set(['engine', ...nodeIds]);
    for (const [key, each] of known) {
      const isOver = asked.has(each.who) ? !found.some((now) => keyOf(now) === key) : !open.includes(each.who);
      if (!isOver) continue;
      known.delete(key);
      tell(`${each.who}: its ${each.what} goes on, or has ended`);
    }
    for (const each of found) {
      if (!known.has(keyOf(each))) tell(`warning: ${stalledText(each)}`);
      known.set(keyOf(each), each);
    }
    seen([...known.values()]);
  }
}

function keyOf({ who, what }: StalledWork): string {
  return `${who}\n${what}`;
}

/** Experiments that have a workflow of their own. */
export function underWay({ open, experiments }: EngineState): string[] {
  return open.filter((nodeId) => experiments[nodeId]?.state.status !== 'queued');
}

/** The same once, for a person who asks: all that is under way, where a server can be asked at all. */
export async function stalledNow(workdir: Workdir, config: Asked, state: EngineState | null): Promise<StalledWork[]> {
  if (state?.status === 'stopped') return [];
  const target = await findConnection(workdir).catch(() => null);
  const client = target && (await openClient(target).catch(() => null));
  if (!client) return [];
  try {
    // Before its first event stands in the workdir there is the engine alone.
    const nodeIds = state === null ? [] : underWay(state).slice(0, EXPERIMENTS_SHOWN);
    return await stalledWork(client, config, nodeIds);
  } finally {
    await client.connection.close();
  }
}

/** As many as a large host runs at one time: nobody reads more. */
const EXPERIMENTS_SHOWN = 32;
