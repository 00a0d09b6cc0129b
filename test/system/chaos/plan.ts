/** Which kills a campaign makes, by its seed: every phase as often as every other, in runs of about a dozen kills. */
import { FIRST_PHASE, LAST_PHASE, PHASES, type Phase, VICTIMS, type Victim } from './phases.js';
import type { Random } from './random.js';

export interface Card {
  phase: Phase;
  victim: Victim;
}

/** As many as a run of fifteen experiments has moments for. */
const KILLS_PER_RUN = 13;

/** So many cards wait at a time: a phase that does not come again must not keep the others from being struck. */
const HAND = 3;

/** The cards that are played next: the one whose phase begins first. */
export function handOf(cards: readonly Card[]): Card[] {
  const [first] = cards;
  if (first?.phase === FIRST_PHASE) return [first];
  const middle = cards.filter(({ phase }) => phase !== LAST_PHASE);
  return middle.length > 0 ? middle.slice(0, HAND) : [...cards];
}

/** Its first card is for the setup and its last one for the report; what a run had no moment for is dealt again. */
export class Plan {
  private deck: Card[] = [];
  private readonly drawn = new Map<Victim, number>();

  constructor(
    private left: number,
    private readonly random: Random,
    private readonly perRun: number = KILLS_PER_RUN,
    /** The workdir's disk can be filled here. */
    readonly hasDisk = true,
    /** Every victim unless some are named. */
    private readonly only: readonly Victim[] = [],
  ) {}

  get isEmpty(): boolean {
    return this.left <= 0;
  }

  /** Of each run, in their order. */
  allRuns(): Card[][] {
    const runs: Card[][] = [];
    while (!this.isEmpty) runs.push(this.nextRun());
    return runs;
  }

  nextRun(): Card[] {
    const count = Math.min(this.left, this.perRun);
    const cards = [this.cardOf(FIRST_PHASE)];
    while (cards.length < count - 1) {
      if (this.deck.length === 0) this.deck = this.random.shuffled(PHASES).map((phase) => this.cardOf(phase));
      cards.push(this.deck.shift() as Card);
    }
    if (cards.length < count) cards.push(this.cardOf(LAST_PHASE));
    this.left -= count;
    return cards;
  }

  /** No moment came for it. */
  giveBack(card: Card): void {
    this.left += 1;
    if (card.phase !== FIRST_PHASE && card.phase !== LAST_PHASE) this.deck.unshift(card);
  }

  /**
   * The victim that is most behind its share, so that each has its turns; where a phase has none of the wanted ones,
   * any.
   */
  private cardOf(phase: Phase): Card {
    const victims = victimsOf(phase).filter((victim) => victim !== 'disk' || this.hasDisk);
    const wanted = victims.filter((victim) => this.only.length === 0 || this.only.includes(victim));
    const turns = (victim: Victim) => (this.drawn.get(victim) ?? 0) / (SHARES[victim] ?? 1);
    const order = this.random.shuffled(wanted.length > 0 ? wanted : victims);
    const victim = order.reduce((most, each) => (turns(each) < turns(most) ? each : most));
    this.drawn.set(victim, (this.drawn.get(victim) ?? 0) + 1);
    return { phase, victim };
  }
}

/** How often a victim is drawn where it may be; once where nothing is said. */
const SHARES: Partial<Record<Victim, number>> = { worker: 3, server: 2, all: 2, runner: 3, 'ctrl-c': 2, disk: 2 };

function victimsOf({ hasRunner = false, hasExperiment = false }: Phase): Victim[] {
  return VICTIMS.filter((victim) => (victim === 'runner' ? hasRunner : !victim.startsWith('exp') || hasExperiment));
}
