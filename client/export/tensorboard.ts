/** Writes each experiment as a run of TensorBoard: scalars by step, a text, and settings for its HParams view. */
import { join } from 'node:path';
import type { TrackedRun } from '../../domain/tracking/tracked-run.js';
import { writeFileAtomic } from '../../host/atomic-file.js';
import { type EventFields, encoded, eventFile } from './event-file.js';

/** Always the same: a second export replaces what the first one wrote, and TensorBoard asks for `tfevents` alone. */
const FILE = 'events.out.tfevents.autoresearch';

/**
 * `<folder>/<node id>/events…` for each, and one beside them that names the columns of the HParams view. Returns how
 * many runs; a failure of the file system is thrown.
 */
export async function writeTensorboard(folder: string, runs: AsyncIterable<TrackedRun>): Promise<number> {
  const seen: Pick<TrackedRun, 'settings' | 'values' | 'launchedAtMs'>[] = [];
  for await (const run of runs) {
    await writeFileAtomic(join(folder, run.nodeId, FILE), runEvents(run));
    seen.push({ settings: run.settings, values: run.values, launchedAtMs: run.launchedAtMs });
  }
  const beganS = Math.min(...seen.map(({ launchedAtMs }) => launchedAtMs)) / 1000;
  if (seen.length > 0) await writeFileAtomic(join(folder, FILE), eventFile([columnsEvent(seen, beganS)], beganS));
  return seen.length;
}

export function runEvents(run: TrackedRun): Buffer {
  const startS = run.launchedAtMs / 1000;
  const endS = (run.endedAtMs ?? run.launchedAtMs) / 1000;
  const scalars = run.series.flatMap(({ name, points }) =>
    points.map(({ at, atMs, value }) => scalar(name, value, atMs / 1000, Math.round(at))),
  );
  const results = Object.entries(run.values).map(([name, value]) => scalar(`result/${name}`, value, endS, 0));
  const events: EventFields[] = [
    settingsEvent(run, startS),
    text('hypothesis and verdict', run.text, startS),
    ...scalars.sort((a, b) => a.wall_time - b.wall_time),
    ...results,
    ...(run.endedAtMs === null ? [] : [ending(run.status, endS)]),
  ];
  return eventFile(events, startS);
}

function scalar(tag: string, value: number, wallTimeS: number, step: number): EventFields {
  return { wall_time: wallTimeS, step, summary: { value: [{ tag, simple_value: value }] } };
}

const DT_STRING = 7;

function text(tag: string, markdown: string, wallTimeS: number): EventFields {
  const tensor = { dtype: DT_STRING, tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.from(markdown)] };
  const metadata = { plugin_data: { plugin_name: 'text' } };
  return { wall_time: wallTimeS, step: 0, summary: { value: [{ tag, metadata, tensor }] } };
}

const [TYPE_STRING, TYPE_NUMBER] = [1, 3];

/** All settings and all values of all runs; TensorBoard would take each series for a column. */
function columnsEvent(runs: readonly Pick<TrackedRun, 'settings' | 'values'>[], beganS: number): EventFields {
  const names = (of: 'settings' | 'values') => [...new Set(runs.flatMap((run) => Object.keys(run[of])))];
  const hparam_infos = names('settings').map((name) => {
    const values = new Set(runs.map(({ settings }) => settings[name]));
    const isNumber = [...values].every((value) => typeof value !== 'string');
    return { name, type: isNumber ? TYPE_NUMBER : TYPE_STRING, differs: values.size > 1 };
  });
  const metric_infos = names('values').map((name) => ({ name: { tag: `result/${name}` }, display_name: name }));
  const experiment = { name: 'autoresearch', hparam_infos, metric_infos };
  return hparamsEvent('_hparams_/experiment', { experiment }, beganS);
}

function settingsEvent({ nodeId, settings }: TrackedRun, startS: number): EventFields {
  const hparams = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === 'number' ? { number_value: value } : { string_value: value },
    ]),
  );
  const session_start_info = { hparams, group_name: nodeId, start_time_secs: startS };
  return hparamsEvent('_hparams_/session_start_info', { session_start_info }, startS);
}

/** TensorBoard's words: success, failure, running. */
const [SUCCESS, FAILURE] = [1, 2];

function ending(status: TrackedRun['status'], endS: number): EventFields {
  const code = status === 'completed' ? SUCCESS : FAILURE;
  return hparamsEvent('_hparams_/session_end_info', { session_end_info: { status: code, end_time_secs: endS } }, endS);
}

function hparamsEvent(tag: string, fields: object, wallTimeS: number): EventFields {
  const content = encoded('HParamsPluginData', { version: 0, ...fields });
  const metadata = { plugin_data: { plugin_name: 'hparams', content } };
  return { wall_time: wallTimeS, step: 0, summary: { value: [{ tag, metadata }] } };
}
