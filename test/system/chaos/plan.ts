/** Which kills a campaign makes, by its seed: every phase as often as every other, in runs of about a dozen kills. */
import { FIRST_PHASE, LAST_PHASE, PHASES, type Phase, type Victim } from './phases.js';
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

  constructor(
    private left: number,
    private readonly random: Random,
    private readonly perRun: number = KILLS_PER_RUN,
  ) {}

  get isEmpty(): boolean {
    return this.left <= 0;
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

  private cardOf(phase: Phase): Card {
    const usual: Victim[] = ['worker', 'worker', 'worker', 'server', 'server', 'all', 'all', 'client'];
    return { phase, victim: this.random.pick(phase.hasRunner ? [...usual, 'runner', 'runner', 'runner'] : usual) };
  }
}
