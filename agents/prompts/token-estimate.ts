/** How many tokens a text takes, near enough for a budget: a provider's own count differs by model. */

/** Of English and code together, by the tokenizers of today's models; rather too many than too few. */
const CHARACTERS_PER_TOKEN = 3.5;

export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export function charactersIn(tokens: number): number {
  return Math.floor(tokens * CHARACTERS_PER_TOKEN);
}
