/** Which cards a prompt shows: those that apply, the most specific first, as far as a budget of tokens goes. */
import { tokensOf } from '../prompts/token-estimate.js';
import { allCards, type Card, fitOf, isOfRuns } from './card.js';
import type { Sign } from './signs.js';

export interface Chosen {
  cards: Card[];
  /** They apply, and there was no room for them. */
  leftOut: string[];
}

interface Wanted {
  /** The whole: general cards, those of the code, or those that measurements bring up. */
  part: 'general' | 'code' | 'runs';
  signs: ReadonlySet<Sign>;
  budget: number;
}

/** In the order of their names, so that the same choice is the same text. */
export function chooseCards({ part, signs, budget }: Wanted): Chosen {
  const fitting = allCards()
    .filter((card) => partOf(card) === part)
    .flatMap((card) => {
      const fits = fitOf(card, signs);
      return fits === null ? [] : [{ card, fits }];
    })
    .sort((a, b) => b.fits - a.fits);
  const chosen: Chosen = { cards: [], leftOut: [] };
  let left = budget;
  for (const { card } of fitting) {
    const tokens = tokensOf(card.body);
    if (tokens > left) chosen.leftOut.push(card.name);
    else {
      chosen.cards.push(card);
      left -= tokens;
    }
  }
  chosen.cards.sort((a, b) => (a.name < b.name ? -1 : 1));
  return chosen;
}

function partOf(card: Card): Wanted['part'] {
  if (isOfRuns(card)) return 'runs';
  return card.when.some((all) => all.length === 0) ? 'general' : 'code';
}

export function cardsText(cards: readonly Card[]): string {
  return cards.map(({ body }) => body).join('\n\n');
}
