/**
 * What each experiment of the past effectively ran with: the value of every knob and the structural changes, whatever
 * path led there (flags, edits, stacked commits). Two experiments with the same effective setting are one to the
 * search.
 */
import type { HistoryEntry } from '../../agents/agent.js';
import { flagNumber } from '../../domain/command/launch-flags.js';
import { readChange } from '../changes.js';
import type { Survey } from '../survey.js';

export interface Setting {
  /** Value of every knob, by id. */
  values: Readonly<Record<string, number>>;
  /** `mtp`, `split_stage:decode`, and changes in words that only their author understands. */
  structure: readonly string[];
}

export function settingKey({ values, structure }: Setting): string {
  const numbers = Object.entries(values)
    .map(([id, value]) => `${id}=${value}`)
    .sort();
  return [...numbers, ...[...structure].sort()].join('\n');
}

export function settingWith(
  base: Setting,
  values: Readonly<Record<string, number>>,
  structure: readonly string[] = [],
) {
  return {
    values: { ...base.values, ...values },
    structure: [...new Set([...base.structure, ...structure])],
  } satisfies Setting;
}

export interface SettingsOfRun {
  /** In force at the run's base commit with the base launch command. */
  base: Setting;
  /** By node id; the headspace run is none of them. */
  byNode: ReadonlyMap<string, Setting>;
}

/** `survey` must describe the base commit and the base launch command. */
export function settingsOf(
  survey: Pick<Survey, 'knobs'>,
  history: readonly HistoryEntry[],
  baseCommit: string,
): SettingsOfRun {
  const base: Setting = { values: Object.fromEntries(survey.knobs.map(({ id, value }) => [id, value])), structure: [] };
  const makers = new Map<string, HistoryEntry>();
  for (const entry of history) {
    if (entry.commit !== null && entry.commit !== baseCommit && !makers.has(entry.commit))
      makers.set(entry.commit, entry);
  }
  const codeAt = (commit: string | null, seen: ReadonlySet<string>): Setting => {
    const maker = commit === null || seen.has(commit) ? undefined : makers.get(commit);
    if (!maker) return base;
    return withChanges(codeAt(maker.spec.goto, new Set([...seen, commit!])), maker.spec.changes, survey);
  };
  const byNode = new Map<string, Setting>();
  for (const entry of history) {
    if (entry.kind === 'headspace') continue;
    const code = withChanges(codeAt(entry.spec.goto, new Set()), entry.spec.changes, survey);
    byNode.set(entry.nodeId, withFlags(code, entry.spec.launch_command, survey));
  }
  return { base, byNode };
}

/**
 * The source that a planner sees is the best experiment's, so its survey tells the best's values. This gives the survey
 * with the values of the run's base: experiments write down what a knob was before they changed it.
 */
export function surveyOfBase(
  survey: Survey,
  history: readonly HistoryEntry[],
  baseCommit: string,
  surveyedNodeId: string | null,
): Survey {
  const surveyed = history.find(({ nodeId }) => nodeId === surveyedNodeId);
  if (!surveyed || surveyed.commit === null || surveyed.commit === baseCommit) return survey;
  const before = new Map<string, number>();
  for (const { spec } of history) {
    for (const [id, value] of Object.entries(knobsBefore(spec))) if (!before.has(id)) before.set(id, value);
  }
  const values = settingsOf(survey, history, baseCommit).byNode.get(surveyed.nodeId)?.values ?? {};
  const knobs = survey.knobs.map((knob) => {
    const original = before.get(knob.id);
    // Flags are read from the base launch command, and are right as they are.
    if (knob.where.type === 'flag' || original === undefined || values[knob.id] !== knob.value) return knob;
    return { ...knob, value: original };
  });
  return { ...survey, knobs };
}

function knobsBefore(spec: HistoryEntry['spec']): Record<string, number> {
  const { knobs_before: before } = spec as { knobs_before?: unknown };
  if (typeof before !== 'object' || before === null) return {};
  return Object.fromEntries(Object.entries(before).filter(([, value]) => typeof value === 'number'));
}

function withChanges(from: Setting, changes: readonly string[], survey: Pick<Survey, 'knobs'>): Setting {
  return changes.reduce<Setting>((setting, text) => {
    const change = readChange(text, survey);
    if (change.type === 'label') return setting;
    if (change.type === 'unknown') return settingWith(setting, {}, [text.trim().toLowerCase()]);
    const { action } = change;
    if (action.type === 'set') return settingWith(setting, { [action.knob]: action.value });
    return settingWith(setting, {}, [text.trim()]);
  }, from);
}

function withFlags(from: Setting, launchCommand: string, survey: Pick<Survey, 'knobs'>): Setting {
  if (launchCommand === '') return from;
  const values: Record<string, number> = {};
  for (const knob of survey.knobs) {
    if (knob.where.type !== 'flag') continue;
    const value = flagNumber(launchCommand, knob.where.flag);
    if (value !== null) values[knob.id] = value;
  }
  return settingWith(from, values);
}
