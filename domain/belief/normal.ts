/** The standard normal distribution. */

const ROOT_OF_TAU = Math.sqrt(2 * Math.PI);

export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / ROOT_OF_TAU;
}

/** P(X <= x), exact to 1.2e-7 of its own size also far out (Numerical Recipes, erfcc: a Chebyshev fit). */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 2 / (2 + z);
  const sum = ERFC.reduceRight((rest, coefficient) => coefficient + t * rest, 0);
  const tail = (t * Math.exp(-z * z + sum)) / 2;
  return x >= 0 ? 1 - tail : tail;
}

const ERFC: readonly number[] = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];

/** The x below which this share of the distribution lies, from 0 to 1, both excluded; to nine digits. */
export function normalQuantile(share: number): number {
  let [low, high] = [-40, 40];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < share) low = middle;
    else high = middle;
  }
  return high;
}

const HALVINGS = 64;
