/** What a fault came to: figures for the table, and what did not hold. */
export interface Checks {
  readonly figures: readonly string[];
  readonly failures: readonly string[];
  /** A figure that says something by itself. */
  note(name: string, value: number | string): void;
  /** A figure that must not be above `most`. */
  atMost(name: string, value: number, most: number): void;
  /** Something that must be so. */
  hold(name: string, isSo: boolean): void;
}

export function openChecks(): Checks {
  const figures: string[] = [];
  const failures: string[] = [];
  const asText = (value: number | string) =>
    typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : value;
  return {
    figures,
    failures,
    note: (name, value) => void figures.push(`${name} ${asText(value)}`),
    atMost(name, value, most) {
      figures.push(`${name} ${asText(value)}`);
      if (!(value <= most)) failures.push(`${name}: ${asText(value)}, not ≤ ${most}`);
    },
    hold(name, isSo) {
      if (!isSo) failures.push(name);
    },
  };
}

/** The value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
