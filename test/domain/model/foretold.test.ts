import { describe, expect, it } from 'vitest';
import {
  chanceText,
  comparedText,
  distrust,
  foretold,
  foretoldIn,
  foretoldText,
} from '../../../domain/model/foretold.js';

const THROUGHPUT = 'throughput_samples_per_s';
const measured = (value: number) => ({ metric: THROUGHPUT, value });
const told = { metric: THROUGHPUT, value: 212, low: 197, high: 227 };

describe('what an experiment is predicted to measure', () => {
  it('is said with its interval', () => {
    expect(foretoldText(told)).toBe('predicted 212 ± 15 samples/s');
    expect(foretoldText({ ...told, low: 100, high: 450 })).toBe('predicted 212 samples/s, from 100 to 450');
  });

  it('follows from a ratio to what the reference measured, whichever way is better', () => {
    const prediction = { ratio: 2, low: 1.6, high: 2.5 };
    expect(foretold(prediction, measured(100))).toEqual({ metric: THROUGHPUT, value: 200, low: 160, high: 250 });
    expect(foretold(prediction, { metric: 'steady_step_time_ms', value: 100 })).toEqual({
      metric: 'steady_step_time_ms',
      value: 50,
      low: 40,
      high: 62.5,
    });
  });

  it('says why a job is spent on what is no gain on average', () => {
    expect(chanceText({ ratio: 0.95, low: 0.2, high: 7 })).toBe(
      ' On average that is no gain: what it may bring at best is worth a job.',
    );
    expect(chanceText({ ratio: 1.2, low: 0.8, high: 1.6 })).toBe('');
    expect(chanceText({ ratio: 0.8, low: 0.7, high: 0.9 })).toBe('');
  });

  it('stands in a specification, and only there where it is whole', () => {
    expect(foretoldIn({ predicted: told })).toEqual(told);
    expect(foretoldIn({ predicted: 'fast' })).toBeNull();
    expect(foretoldIn({})).toBeNull();
  });

  it('is compared with the result', () => {
    expect(comparedText(told, measured(200))).toContain('within that interval');
    expect(comparedText(told, measured(300))).toContain('the model was wrong here');
    expect(comparedText(told, { metric: 'duration_s', value: 10 })).toBeNull();
  });

  it('is believed on where results miss now and then, as one in twenty does by chance', () => {
    const right = { nodeId: '002_a', foretold: told, measured: measured(210) };
    const wrong = { nodeId: '003_b', foretold: told, measured: measured(120) };
    expect(distrust([wrong, right, right, right, right, wrong])).toBeNull();
    expect(distrust([wrong, right, right, right, wrong])).not.toBeNull();
  });

  it('is no longer believed after two results outside of their intervals', () => {
    const right = { nodeId: '002_a', foretold: told, measured: measured(210) };
    const wrong = { nodeId: '003_b', foretold: told, measured: measured(120) };
    const other = { nodeId: '004_c', foretold: told, measured: { metric: 'duration_s', value: 1 } };
    expect(distrust([right, wrong, right, other])).toBeNull();
    expect(distrust([wrong, right, { ...wrong, nodeId: '005_d' }])).toBe(
      'The model of the pipeline was wrong 2 times and is no longer believed (003_b: predicted 212 ± 15 samples/s, measured 120; 005_d: predicted 212 ± 15 samples/s, measured 120).',
    );
  });
});
