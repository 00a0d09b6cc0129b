/** Prices of models as configuration holds them: US dollars for a million tokens, each row with the day it was true. */
import { z } from 'zod';

const usdPerMillion = z.number().nonnegative();

const RatesSchema = z.strictObject({
  input: usdPerMillion,
  output: usdPerMillion,
  cache_read: usdPerMillion,
  /** A cache entry that lives for five minutes; one that lives for an hour costs twice the input price. */
  cache_write: usdPerMillion,
});
export type Rates = z.output<typeof RatesSchema>;

export const ModelPriceSchema = RatesSchema.extend({
  as_of: z.iso.date('the day on which the price was true, as YYYY-MM-DD'),
  /** Other rates for the whole call when its prompt is longer than this. */
  long_prompt: z.strictObject({ above_prompt_tokens: z.number().int().positive(), rates: RatesSchema }).optional(),
});
export type ModelPrice = z.output<typeof ModelPriceSchema>;

/** By model name, without a date at its end. */
export const PricesSchema = z.record(z.string().min(1), ModelPriceSchema);
export type Prices = z.output<typeof PricesSchema>;
