/** A campaign as text: its kills by phase and victim, and how many left an equal outcome. */
import type { CampaignRun } from './campaign.js';
import { VICTIMS } from './phases.js';

const WIDTH = 11;

export function campaignReport(seed: number, wanted: number, runs: readonly CampaignRun[], seconds: number): string {
  const kills = runs.flatMap((run) => run.kills);
  const phases = [...new Set(kills.map(({ phase }) => phase))].sort();
  const row = (name: string, values: readonly (string | number)[]) =>
    name.padEnd(16) + values.map((value) => String(value).padStart(WIDTH)).join('');
  const line = (name: string, those: typeof kills) =>
    row(name, [...VICTIMS.map((victim) => those.filter((kill) => kill.victim === victim).length), those.length]);
  const equal = runs.filter((run) => run.problems.length === 0).reduce((sum, run) => sum + run.kills.length, 0);
  return [
    row('kills by phase', [...VICTIMS, 'sum']),
    ...phases.map((phase) =>
      line(
        phase,
        kills.filter((kill) => kill.phase === phase),
      ),
    ),
    line('sum', kills),
    `seed ${seed}: ${equal} of ${wanted} kills left an equal outcome, in ${runs.length} runs (${Math.round(seconds)} s)`,
  ].join('\n');
}
