/** Reads numbers that a job wrote. What cannot be a measurement is refused and remembered, never passed on. */

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Collects refusals by field, so that a million bad lines become one sentence. */
export class Refusals {
  private readonly byField = new Map<string, { count: number; first: string }>();

  add(field: string, text: string): void {
    const seen = this.byField.get(field);
    if (seen) seen.count += 1;
    else this.byField.set(field, { count: 1, first: text.slice(0, 40) });
  }

  findings(): string[] {
    return [...this.byField].map(
      ([field, { count, first }]) =>
        `refused ${count === 1 ? 'a value' : `${count} values`} of ${field} (the first: ${JSON.stringify(first)}): a measurement is a finite number of at least 0`,
    );
  }
}

/** The number, or null for a blank (unknown) and for what is refused. */
export function measuredNumber(text: string | undefined, field: string, refusals: Refusals): number | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return null;
  const value = NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (Number.isFinite(value) && value >= 0) return value;
  refusals.add(field, trimmed);
  return null;
}
