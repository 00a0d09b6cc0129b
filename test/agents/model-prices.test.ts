import { describe, expect, it } from 'vitest';
import { costOf, DEFAULT_ANTHROPIC_MODEL, priceOf } from '../../agents/model-prices.js';
import { ModelPriceSchema } from '../../domain/formats/prices.js';

const usage = (input: number, output = 0, read = 0, write = 0) => ({
  input_tokens: input,
  output_tokens: output,
  cache_read_input_tokens: read,
  cache_creation_input_tokens: write,
});

describe('the cost of a call', () => {
  it.each<[string, ReturnType<typeof usage>, number]>([
    ['claude-opus-5-5', usage(1_000_000), 4],
    ['claude-opus-5-5', usage(0, 1_000_000), 20],
    ['claude-opus-5-5', usage(0, 0, 1_000_000), 0.2],
    ['claude-opus-5-5', usage(0, 0, 0, 1_000_000), 5],
    ['claude-sonnet-5-5', usage(1000, 500, 20_000, 300), (2000 + 5000 + 2000 + 750) / 1e6],
    ['claude-haiku-5-5', usage(50_000, 1000, 50_000), (5000 + 500 + 500) / 1e6],
    ['claude-haiku-5-5', usage(50_001, 1000, 50_000), (25_000.5 + 2500 + 2500) / 1e6],
    ['claude-haiku-5-5-20261001', usage(1_000), 0.0001],
  ])('%s, %j', (model, used, usd) => {
    expect(costOf(model, used)).toBeCloseTo(usd, 12);
  });

  it('doubles the input price for cache entries that live for an hour', () => {
    expect(costOf('claude-opus-5-5', usage(0, 0, 0, 1_000_000), {}, 400_000)).toBeCloseTo(0.6 * 5 + 0.4 * 8, 12);
  });

  it('is unknown, not 0, for a model without a price', () => {
    expect(costOf('claude-opus-9', usage(1))).toBeNull();
    expect(priceOf('claude-opus-5-5-mini')).toBeNull();
  });

  it('follows the configuration before the built-in table', () => {
    const row = { as_of: '2027-01-01', input: 1, output: 1, cache_read: 1, cache_write: 1 };
    expect(costOf('claude-opus-5-5', usage(1_000_000), { 'claude-opus-5-5': row })).toBe(1);
  });

  it('is known for the model that is asked when none is named', () => {
    expect(priceOf(DEFAULT_ANTHROPIC_MODEL)).not.toBeNull();
  });
});

describe('a price in config.json', () => {
  const row = { as_of: '2026-11-01', input: 1, output: 2, cache_read: 0.1, cache_write: 1.25 };

  it.each<[string, object]>([
    ['without its day', { ...row, as_of: undefined }],
    ['with a day that is none', { ...row, as_of: 'today' }],
    ['below 0', { ...row, input: -1 }],
    ['with a key that we do not know', { ...row, per_request: 1 }],
  ])('is refused %s', (_, given) => {
    expect(ModelPriceSchema.safeParse(row).success).toBe(true);
    expect(ModelPriceSchema.safeParse(given).success).toBe(false);
  });
});
