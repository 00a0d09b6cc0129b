/** Student's t distribution for whole degrees of freedom: what few repeats allow to say. Exact, without tables. */

/** P(T <= t), by the closed form for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4). */
export function studentTCdf(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cos2 = Math.cos(angle) ** 2;
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? Math.cos(angle) : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cos2 * (k - 1)) / k;
    sum += term;
  }
  const central = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return 0.5 + central / 2;
}

/** From here on the normal distribution differs by less than 2%. */
const MOST_DEGREES = 200;
/** Halvings of an interval of 20,000: the quantile is then exact to nine digits. */
const HALVINGS = 64;
const LARGEST_T = 10_000;

/**
 * The t that half-width is made of: `confidence` is two-sided, from 0 to 1; degrees are cut to whole ones, 1 to 200.
 */
export function studentTWidth(confidence: number, degrees: number): number {
  const whole = Math.max(1, Math.min(MOST_DEGREES, Math.floor(degrees)));
  const share = (1 + confidence) / 2;
  let low = 0;
  let high = LARGEST_T;
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    if (studentTCdf(middle, whole) < share) low = middle;
    else high = middle;
  }
  return high;
}
