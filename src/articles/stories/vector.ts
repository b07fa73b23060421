/** Weights by term. What is not in it weighs nothing. */
export type Vector = ReadonlyMap<string, number>;

export function lengthOf(vector: Vector): number {
  let squares = 0;
  for (const weight of vector.values()) squares += weight * weight;
  return Math.sqrt(squares);
}

/** 1 for the same direction, 0 without a term in common. */
export function cosine(one: Vector, other: Vector): number {
  const [short, long] = one.size <= other.size ? [one, other] : [other, one];
  let product = 0;
  for (const [term, weight] of short) product += weight * (long.get(term) ?? 0);
  return product === 0 ? 0 : product / (lengthOf(one) * lengthOf(other));
}

/** The terms that weigh most, heaviest first; of equals the first by name, so that every run has the same. */
export function heaviest(vector: Vector, count: number): string[] {
  return [...vector]
    .sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
    .slice(0, count)
    .map(([term]) => term);
}

/** The sum of both, of which the `count` heaviest terms are kept. */
export function sum(one: Vector, other: Vector, count: number): Map<string, number> {
  const total = new Map(one);
  for (const [term, weight] of other) total.set(term, (total.get(term) ?? 0) + weight);
  if (total.size <= count) return total;
  return new Map(heaviest(total, count).map((term) => [term, total.get(term) ?? 0]));
}

/** The same direction with length 1. */
export function unit(vector: Vector): Map<string, number> {
  const length = lengthOf(vector) || 1;
  return new Map([...vector].map(([term, weight]) => [term, weight / length]));
}
