/** What a model's tokens cost. The provider's replies name tokens, never money: money comes from this dated table. */
import type { ModelPrice, Prices, Rates } from '../domain/formats/prices.js';

/** What the API is asked for when `--model` names nothing. */
export const DEFAULT_ANTHROPIC_MODEL = 'claude-opus-5-5';

/** Tokens of one call, or of several, by the names that the Messages API gives them. */
export interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
}

const AS_OF = '2026-11-01';
const haikuRates = (input: number, output: number): Rates => ({
  input,
  output,
  cache_read: input / 10,
  cache_write: input * 1.25,
});

/** List prices; `prices` in config.json replaces or adds rows. */
export const LIST_PRICES: Prices = {
  'claude-opus-5-5': { as_of: AS_OF, input: 4, output: 20, cache_read: 0.2, cache_write: 5 },
  'claude-sonnet-5-5': { as_of: AS_OF, input: 2, output: 10, cache_read: 0.1, cache_write: 2.5 },
  'claude-haiku-5-5': {
    as_of: AS_OF,
    ...haikuRates(0.1, 0.5),
    long_prompt: { above_prompt_tokens: 100_000, rates: haikuRates(0.5, 2.5) },
  },
};

/** Null for a model that the table does not know. A dated name (`…-20261001`) has the price of its family. */
export function priceOf(model: string, configured: Prices = {}): ModelPrice | null {
  const prices = { ...LIST_PRICES, ...configured };
  return prices[model] ?? prices[model.replace(/-\d{8}$/, '')] ?? null;
}

/** US dollars, or null when the model has no price: an unknown cost is never 0. */
export function costOf(
  model: string,
  usage: TokenUsage,
  configured: Prices = {},
  /** Of the cache writes, those that live for an hour. */
  hourLongWrites = 0,
): number | null {
  const price = priceOf(model, configured);
  if (price === null) return null;
  const promptTokens = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
  const { long_prompt: long } = price;
  const rates = long && promptTokens > long.above_prompt_tokens ? long.rates : price;
  const millionths =
    usage.input_tokens * rates.input +
    usage.output_tokens * rates.output +
    usage.cache_read_input_tokens * rates.cache_read +
    (usage.cache_creation_input_tokens - hourLongWrites) * rates.cache_write +
    hourLongWrites * 2 * rates.input;
  return millionths / 1e6;
}
