/** How numbers look to people, in files, on screens and in charts: written once. */
import { format } from 'd3-format';
import { type BuiltInObjective, isBuiltIn, type Objective } from '../belief/compare.js';

const whole = format(',.0f');
const fourDigits = format('.4~r');
const threeDigits = format('.3~r');

/** Four significant digits, thousands with commas: 3,400 · 334.5 · 0.125. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  return Math.abs(value) >= 1000 ? whole(value) : fourDigits(value);
}

/** Two significant digits of a share: 0.034 is 3.4%. */
export function percent(share: number): string {
  return `${numberText(Number((100 * share).toPrecision(2)))}%`;
}

const OBJECTIVE_UNITS = {
  throughput_samples_per_s: 'samples/s',
  steady_step_time_ms: 'ms/step',
  duration_s: 's',
} as const satisfies Record<BuiltInObjective, string>;

const OBJECTIVE_NAMES = {
  throughput_samples_per_s: 'Throughput',
  steady_step_time_ms: 'Steady step time',
  duration_s: 'Job duration',
} as const satisfies Record<BuiltInObjective, string>;

/** "Throughput (samples/s)"; a run's own metric has no other name and no other unit than the one that it was given. */
export function objectiveName(metric: string): string {
  return isBuiltIn(metric) ? `${OBJECTIVE_NAMES[metric]} (${OBJECTIVE_UNITS[metric]})` : metric;
}

export function objectiveText(objective: Objective | null): string {
  if (!objective) return '-';
  const { metric, value } = objective;
  return `${numberText(value)} ${isBuiltIn(metric) ? OBJECTIVE_UNITS[metric] : metric}`;
}

/** From here on a gain is told as a factor. */
export const FACTORS_FROM = 10;

/** 1.31 -> "+31%", 0.9 -> "-10%", 0.9996 -> "0%"; from 10 times on as a factor. */
export function gainText(times: number | null): string {
  if (times === null || !Number.isFinite(times)) return '-';
  if (times >= FACTORS_FROM) return `${threeDigits(times)}x`;
  const percent = (times - 1) * 100;
  const rounded = Math.abs(percent) >= 10 ? Math.round(percent) : Math.round(percent * 10) / 10;
  if (rounded === 0) return '0%';
  return `${rounded > 0 ? '+' : ''}${rounded}%`;
}

/** 2.2222 -> "2.22": how many times as fast, in a sentence. */
export function timesText(times: number): string {
  return threeDigits(times);
}

/** 1.31 -> "1.31x (+31%)". */
export function speedupText(times: number | null): string {
  if (times === null || !Number.isFinite(times)) return '-';
  return times >= FACTORS_FROM ? gainText(times) : `${threeDigits(times)}x (${gainText(times)})`;
}

/** Seconds as people say them: "8.2 s", "3 min 20 s", "2 h 05 min". */
export function durationText(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '-';
  if (seconds < 59.95) return `${numberText(Math.round(seconds * 10) / 10)} s`;
  const total = Math.round(seconds);
  if (total < 3600) return `${Math.floor(total / 60)} min ${String(total % 60).padStart(2, '0')} s`;
  const minutes = Math.round(total / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** "2026-11-24 09:19 UTC". */
export function timeText(atMs: number): string {
  return atMs > 0 ? `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC` : '-';
}

/** The same of a time in ISO 8601, as files and answers have it. */
export function isoTimeText(at: string): string {
  return timeText(Date.parse(at));
}

/** The first of them by name, and how many there are besides; `count`: of all, where not all are given. */
export function firstOf(names: readonly string[], shown: number, count = names.length): string {
  const more = count - Math.min(shown, names.length);
  return `${names.slice(0, shown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
