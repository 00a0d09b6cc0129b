/**
 * The run's own metric, `--metric NAME=REGEX`: a number that a pattern finds in what a job prints. Where a run has one,
 * its results are compared by it and by nothing else.
 */

export const DIRECTIONS = ['higher', 'lower'] as const;
/** Which values are better. */
export type Direction = (typeof DIRECTIONS)[number];

/** What a person asked for; stands in config.json. */
export interface MetricRule {
  name: string;
  direction: Direction;
  /** A JavaScript regular expression; its group `value`, else its first one, holds the number. */
  pattern: string;
}

/** What one job measured of it; the value is null while unknown. */
export interface CustomMetric {
  name: string;
  direction: Direction;
  value: number | null;
  /**
   * The unit of time of the value, in seconds, where one was printed with it; those of other jobs are brought to it.
   */
  unitS?: number;
}

const RULE = /^([^:=]*)(?::([a-z]+))?=(.+)$/;

/** A metric's name becomes a column, a key, and the label of a chart. */
export function isMetricName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(text);
}

/**
 * `NAME=REGEX` or `NAME:lower=REGEX`; a name must not be one of `taken`, which mean something else where it is shown.
 */
export function parseMetricRule(text: string, taken: readonly string[]): MetricRule | { problem: string } {
  const parts = RULE.exec(text);
  if (!parts || !isMetricName(parts[1]!))
    return { problem: `NAME=REGEX or NAME:lower=REGEX, as in 'samples_per_s=speed: ([0-9.]+)'` };
  const [, name = '', direction = 'higher', pattern = ''] = parts;
  if (taken.includes(name)) return { problem: `another name than ${name}, which is a column of its own already` };
  if (!isDirection(direction)) return { problem: `:higher or :lower after the name, not :${direction}` };
  const problem = patternProblem(pattern);
  return problem === null ? { name, direction, pattern } : { problem };
}

/** What would have to be different, or null. */
export function patternProblem(pattern: string): string | null {
  try {
    // The empty alternative matches always, and tells how many groups there are.
    const groups = new RegExp(`${pattern}|`).exec('')!.length - 1;
    return groups > 0 ? null : 'a regular expression with a group around the number, as in speed: ([0-9.]+)';
  } catch (error) {
    return `a JavaScript regular expression (${(error as Error).message})`;
  }
}

function isDirection(text: string): text is Direction {
  return (DIRECTIONS as readonly string[]).includes(text);
}
