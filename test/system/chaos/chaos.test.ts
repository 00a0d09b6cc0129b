/** The short version of `npm run chaos`, and what decides about its kills. */
import { describe, expect, it } from 'vitest';
import { campaign } from './campaign.js';
import { chaosArguments } from './command.js';
import { FIRST_PHASE, LAST_PHASE, PHASES, VICTIMS, type Victim } from './phases.js';
import { type Card, Plan } from './plan.js';
import { Random } from './random.js';
import { campaignReport } from './report.js';

const KILLS = 12;
const SEED = 1;
/** Nine experiments in all are enough moments for a dozen kills. */
const ROUNDS = 2;
/**
 * What kills processes. Ends, resets and lost messages of workflows, Ctrl+C and full disks play in `npm run chaos`,
 * and have tests of their own.
 */
const SHORT: readonly Victim[] = ['worker', 'server', 'client', 'runner', 'all'];

function cardsOf(kills: number, seed: number): Card[] {
  const plan = new Plan(kills, new Random(seed));
  return plan.allRuns().flat();
}

describe('the plan of a campaign', () => {
  it('holds exactly the kills that were asked for, in every phase', () => {
    const cards = cardsOf(100, 1);
    expect(cards).toHaveLength(100);
    for (const phase of [FIRST_PHASE, LAST_PHASE, ...PHASES]) {
      expect(cards.filter((card) => card.phase === phase).length, phase.name).toBeGreaterThanOrEqual(5);
    }
    for (const victim of VICTIMS) {
      expect(cards.filter((card) => card.victim === victim).length, victim).toBeGreaterThan(0);
    }
    expect(cards.filter(({ phase, victim }) => victim === 'runner' && !phase.hasRunner)).toEqual([]);
  });

  it('is decided by the seed', () => {
    expect(cardsOf(50, 7)).toEqual(cardsOf(50, 7));
    expect(cardsOf(50, 7)).not.toEqual(cardsOf(50, 8));
  });

  it('deals a card again that found no moment', () => {
    const plan = new Plan(3, new Random(1));
    const [, card] = plan.nextRun();
    expect(plan.isEmpty).toBe(true);
    plan.giveBack(card as Card);
    expect(plan.nextRun()).toHaveLength(1);
  });
});

describe('the arguments of `npm run chaos`', () => {
  it('are whole numbers', () => {
    expect(chaosArguments(['--kills', '100', '--seed', '3'])).toEqual({
      kills: 100,
      seed: 3,
      victims: [],
      part: { number: 1, of: 1 },
    });
  });

  it.each([
    [['--kills', 'many', '--seed', '1'], '--kills: "many"'],
    [['--kills', '0', '--seed', '1'], '--kills: "0"'],
    [['--kills', '5'], '--seed: missing'],
    [['--kills', '5', '--seed', '-1'], '--seed'],
    [['--kills', '5', '--seed', '1', '--victim', 'nobody'], '--victim: "nobody"'],
    [['--kills', '5', '--seed', '1', '--part', '3/2'], '--part: "3/2"'],
    [['--kill', '5'], "'--kill'"],
  ])('%j is refused', (argv, said) => {
    expect(chaosArguments(argv)).toContain(said);
    expect(chaosArguments(argv)).toContain('usage: npm run chaos -- --kills N --seed S');
  });
});

describe('a run that is killed again and again', () => {
  it('comes to the outcome of one that was left alone', async () => {
    const startedAtMs = Date.now();
    const say = (line: string) => process.stdout.write(`${line}\n`);
    const runs = await campaign({ kills: KILLS, seed: SEED, killsPerRun: KILLS, victims: SHORT, rounds: ROUNDS, say });
    say(campaignReport(SEED, KILLS, runs, (Date.now() - startedAtMs) / 1000));
    expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
    expect(runs.flatMap(({ kills }) => kills)).toHaveLength(KILLS);
  }, 600_000);
});
