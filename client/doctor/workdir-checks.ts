/** How a workdir is: its engine, its Temporal server. */

import { shellWord } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { isoTimeText } from '../../domain/reports/quantity-text.js';
import type { Workdir } from '../../workdir/paths.js';
import { originalOf } from '../../workdir/workdir-place.js';
import { findConnection, openClient, type TemporalTarget } from '../../worker/connection.js';
import { stalledFact } from '../output/stalled-text.js';
import { engineLife, readRecord, readState } from '../run/run-state.js';
import { stalledNow } from '../stalled/stalled-watch.js';
import { configuredOwner } from '../steering/steering-client.js';
import { type Finding, note, ok, problem } from './finding.js';

export async function engine(workdir: Workdir): Promise<Finding> {
  const original = await originalOf(workdir);
  if (original !== null) return note(`none: the workdir is a copy of ${original}`, 'go on there');
  const [life, record] = await Promise.all([engineLife(workdir), readRecord(workdir)]);
  if (life?.host !== undefined) {
    return note(
      `process ${life.pid} on host ${life.host}, since ${isoTimeText(life.since)}; from here nobody can see whether it lives`,
      'if that host is gone for good, go on here with `autoresearch run --take-over`',
    );
  }
  if (life) return ok(`process ${life.pid}, since ${isoTimeText(life.since)}`);
  const goOn = `go on with \`autoresearch run ${shellWord(workdir.root)}\``;
  if (record === null) return note('not begun', goOn);
  const { state, lacksReports } = record;
  if (lacksReports)
    return note('not running; the run is stopped, and its last reports are not made', `${goOn}: it makes them`);
  const isAtRest = state.status === 'stopped' || state.status === 'interrupted';
  return isAtRest
    ? note(`not running; the run is ${state.status}`)
    : problem(`gone while the run is ${state.status}`, goOn);
}

export async function server(workdir: Workdir): Promise<Finding> {
  const target = await findConnection(workdir);
  if (target === null) {
    const elsewhere = await configuredOwner(workdir);
    if (elsewhere !== null)
      return note(`the run is on ${elsewhere}; give the settings that it was started with, and that one is checked`);
    return note("the workdir's Temporal server is off; it starts with the engine");
  }
  return (await answers(target))
    ? ok(`${target.address}${target.uiAddress === null ? '' : `, UI ${target.uiAddress}`}`)
    : problem(`${target.address} does not answer`, 'check TEMPORAL_ADDRESS and its kin, or logs/temporal-server.log');
}

async function answers(target: TemporalTarget): Promise<boolean> {
  try {
    const client = await openClient(target);
    await client.connection.close();
    return true;
  } catch {
    return false;
  }
}

/** Whether the engine and the experiments go on, as far as the server tells. */
export async function tasks(workdir: Workdir, config: RunConfig): Promise<Finding> {
  const [first, ...others] = await stalledNow(workdir, config, await readState(workdir));
  if (first === undefined) return ok('nothing is tried again and again');
  const more = others.length === 0 ? '' : ` (and ${others.length} more: autoresearch status)`;
  return problem(`${stalledFact(first)}${more}`, first.advice);
}
