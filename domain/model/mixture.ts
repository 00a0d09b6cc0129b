/** Alternatives by their weight, and even draws from them without chance: the same input gives the same draws. */

export interface Weighed<T> {
  item: T;
  weight: number;
}

export function normalised<T extends { logWeight: number }>(items: readonly T[]): Weighed<T>[] {
  const most = Math.max(...items.map(({ logWeight }) => logWeight));
  const total = items.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - most), 0);
  return items.map((item) => ({ item, weight: Math.exp(item.logWeight - most) / total }));
}

/** The item at a share (0 to 1) of the weight. */
export function pick<T>(weighed: readonly Weighed<T>[], share: number): T {
  let left = share;
  for (const { item, weight } of weighed) {
    left -= weight;
    if (left < 0) return item;
  }
  return weighed.at(-1)!.item;
}

/** A Kronecker sequence: spread evenly over 0 to 1 in each dimension, and otherwise in all. */
export function spreadOut(k: number, dimension: number): number {
  const step = Math.sqrt(dimension * dimension + dimension + 3.1);
  return ((k + 1) * step) % 1;
}

/** Quantile of the normal distribution, close enough for a spread (Tukey's lambda). */
export function normalAt(share: number): number {
  const inside = Math.min(0.999, Math.max(0.001, share));
  return (inside ** 0.135 - (1 - inside) ** 0.135) / 0.1975;
}
