/**
 * How far what was measured may be from every shape that is thought of: a Gaussian process over the logarithm of the
 * number of tasks. Where something was measured a prediction is that, and the farther from there the more it is the
 * shape's, so that what no shape explains is not tried again and again.
 */

/** Standard deviation of the logarithm of a time about its shape. */
const SIZE = 0.15;
/** Numbers of tasks that differ by this much, as a natural logarithm of their ratio, depart alike. */
const REACH = 0.35;

interface Observed {
  /** Natural logarithm of the number of tasks. */
  at: number;
  /** Standard deviation of the logarithm of its time, as it was measured. */
  error: number;
}

export interface Departures {
  /** Where something was measured. */
  at: readonly number[];
  weights: readonly number[];
  inverse: readonly (readonly number[])[];
}

/** Of the logarithm of a time from base and shape, at the logarithm of a number of tasks. */
export function departureAt({ at, weights, inverse }: Departures, logTasks: number): { mean: number; sd: number } {
  const near = at.map((each) => alike(each, logTasks));
  const known = dot(
    near,
    inverse.map((row) => dot(row, near)),
  );
  return { mean: dot(near, weights), sd: Math.sqrt(Math.max(0, SIZE * SIZE - known)) };
}

interface DepartureProcess {
  /** Standard error of the base. */
  baseError: number;
  /** The likeliest base of logarithms that are otherwise the shape's, and their squared distance from it. */
  fit(logs: readonly number[]): { base: number; misfit: number };
  /** Given what is left of the logarithms without base and shape. */
  departures(left: readonly number[]): Departures;
}

function alike(a: number, b: number): number {
  return SIZE * SIZE * Math.exp(-(((a - b) / REACH) ** 2) / 2);
}

export function departureProcess(observed: readonly Observed[]): DepartureProcess {
  const covariance = observed.map(({ at, error }, i) =>
    observed.map((other, j) => alike(at, other.at) + (i === j ? error * error : 0)),
  );
  const inverse = inverted(covariance);
  const times = (vector: readonly number[]) => inverse.map((row) => dot(row, vector));
  const ofBase = inverse.map((row) => row.reduce((sum, each) => sum + each, 0));
  const certainty = ofBase.reduce((sum, each) => sum + each, 0);
  return {
    baseError: observed.reduce((least, { error }) => Math.min(least, error), Number.POSITIVE_INFINITY),
    fit(logs) {
      const base = dot(ofBase, logs) / certainty;
      const misfit = dot(logs, times(logs)) - base * dot(ofBase, logs);
      return { base, misfit: Math.max(0, misfit) };
    },
    departures: (left) => ({ at: observed.map(({ at }) => at), weights: times(left), inverse }),
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}

/** Of a symmetric matrix with nothing but positive eigenvalues, by elimination. */
function inverted(matrix: readonly (readonly number[])[]): number[][] {
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  rows.forEach((row, i) => {
    const pivot = row[i]!;
    for (let k = 0; k < row.length; k += 1) row[k]! /= pivot;
    rows.forEach((other, j) => {
      const factor = other[i]!;
      if (i !== j) for (let k = 0; k < row.length; k += 1) other[k]! -= factor * row[k]!;
    });
  });
  return rows.map((row) => row.slice(matrix.length));
}
