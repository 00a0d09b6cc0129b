/** Runs that are killed again and again, each compared with one that was left alone. */
import { SmallDisk } from '../../support/small-disk.js';
import { DisturbedRun, type Kill } from './disturbed-run.js';
import { differences, LEFT_ALONE, type Outcome, outcomeOf } from './outcome.js';
import type { Victim } from './phases.js';
import { type Card, handOf, Plan } from './plan.js';
import { Random } from './random.js';
import { remainsOf } from './remains.js';

export interface CampaignOptions {
  kills: number;
  seed: number;
  /** Kills in one run; a dozen unless given. */
  killsPerRun?: number;
  /** Every one unless some are named. */
  victims?: readonly Victim[];
  /**
   * Only these of the campaign's runs: those that leave `number` - 1 when their place is divided by `of`. All when
   * absent.
   */
  part?: Part;
  /** Planning rounds of each run, of three experiments each; four unless given. */
  rounds?: number;
  /** Takes a line about what happens. */
  say(line: string): void;
}

export interface Part {
  number: number;
  of: number;
}

export interface CampaignRun {
  kills: Kill[];
  /** What was not as it is in a run that was left alone; nothing when all is well. */
  problems: string[];
}

const ROUNDS = 4;

/** A phase that never comes must not go on for ever. */
const RUNS_WITHOUT_KILL = 3;

/** The first say what went wrong; a run that stopped short differs in everything. */
const SHOWN_PROBLEMS = 8;

export async function campaign(options: CampaignOptions): Promise<CampaignRun[]> {
  const { kills, seed, killsPerRun, victims, part = { number: 1, of: 1 }, rounds = ROUNDS, say } = options;
  // Beside the first disturbed run, which waits most of its time.
  const expected = undisturbedOutcome(rounds);
  expected.then(
    ({ nodes, best }) => say(`left alone: ${Object.keys(nodes).length} experiments, best ${best}`),
    () => undefined,
  );
  const noDisk = await SmallDisk.problem();
  if (noDisk !== null) say(`the disk is never full: ${noDisk}`);
  const plan = new Plan(kills, new Random(seed), killsPerRun, noDisk === null, victims);
  const hands = plan.allRuns().map((cards, place) => ({ cards, place }));
  const mine = hands.filter(({ place }) => place % part.of === part.number - 1);
  const runs: CampaignRun[] = [];
  let idle = 0;
  for (let place = hands.length; mine.length > 0 && idle < RUNS_WITHOUT_KILL; ) {
    const next = mine.shift() as (typeof mine)[number];
    const sayOfRun = (line: string) => say(`run ${next.place + 1}: ${line}`);
    // What happens in one run depends on no other: a part of a campaign is as it is in the whole.
    const disturbed = await DisturbedRun.create(Random.of(seed, next.place), { hasDisk: noDisk === null, rounds });
    const run = await disturb(disturbed, next.cards, expected, sayOfRun);
    for (const card of run.left) plan.giveBack(card);
    idle = run.kills.length === 0 ? idle + 1 : 0;
    runs.push(run);
    if (mine.length > 0) continue;
    // Beyond the places of all parts.
    mine.push(...plan.allRuns().map((cards, index) => ({ cards, place: place + index * part.of + part.number - 1 })));
    place += mine.length * part.of;
  }
  return runs;
}

async function undisturbedOutcome(rounds: number): Promise<Outcome> {
  await using run = await DisturbedRun.undisturbed(rounds);
  const outcome = await outcomeOf(run);
  const blind = Object.keys(outcome.nodes).every((node) => outcome.jobStarts[node] === 1)
    ? []
    : ['its jobs wrote no ledger'];
  const problems = [...blind, ...differences(outcome, outcome, LEFT_ALONE), ...(await remainsOf(run))];
  if (problems.length > 0) throw new Error(`a run that was left alone is not in order:\n${problems.join('\n')}`);
  return outcome;
}

async function disturb(
  created: DisturbedRun,
  dealt: readonly Card[],
  expected: Promise<Outcome>,
  say: (line: string) => void,
): Promise<CampaignRun & { left: Card[] }> {
  const startedAtMs = Date.now();
  await using disturbed = created;
  const { run, kills, oddities } = disturbed;
  const problems: string[] = [];
  let cards = [...dealt];
  try {
    await disturbed.begin();
    while (cards.length > 0) {
      const played = await disturbed.strike(handOf(cards));
      if (played === null) break;
      cards = cards.filter((card) => card !== played.card);
      say(killLine(played.kill));
    }
    await disturbed.finish();
    problems.push(
      ...oddities,
      ...differences(await expected, await outcomeOf(run), disturbed),
      ...(await remainsOf(run)),
    );
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  if (problems.length === 0) {
    say(`equal after ${kills.length} kills (${seconds} s)`);
  } else {
    const kept = `${run.root}-kept`;
    await disturbed.keep(kept);
    say(
      `NOT equal after ${kills.length} kills (${seconds} s); kept in ${kept}\n  ${problems.slice(0, SHOWN_PROBLEMS).join('\n  ')}`,
    );
  }
  return { kills, problems, left: cards };
}

function killLine({ phase, victim, trace, delayMs, targets }: Kill): string {
  return `${phase}: ${victim} (${targets.map(({ label, pid }) => (pid === undefined ? label : `${label} ${pid}`)).join(', ')}), ${delayMs} ms after ${trace}`;
}
