// What a time chart is given, and the sums behind it. Pure.

export type Values = (number | null)[];

export interface Series {
  key: string;
  label: string;
  color: string; // name of a CSS variable
  values: Values;
  dash?: number[];
  width?: number;
}

/** Running sums from the first series up: what is drawn for the i-th is the top of its layer. Null where all are. */
export function stacked(layers: Values[]): Values[] {
  const sums: Values[] = [];
  layers.forEach((layer, index) => {
    const below = sums[index - 1];
    sums.push(layer.map((value, at) => (value === null ? (below?.[at] ?? null) : value + (below?.[at] ?? 0))));
  });
  return sums;
}

/** Counts per bucket as a rate per minute. */
export const perMinute = (values: Values, stepMs: number): Values =>
  values.map((value) => (value === null ? null : (value * 60_000) / stepMs));

/** Before the first line ever, and after now, a zero would be a claim that nobody can make: those buckets are missing. */
export function missingOutside(values: Values, times: number[], stepMs: number, firstMs: number, nowMs: number): Values {
  return values.map((value, index) => {
    const start = times[index] ?? 0;
    return start + stepMs <= firstMs || start > nowMs ? null : value;
  });
}

export const allMissing = (series: Series[]): boolean => series.every(({ values }) => values.every((value) => value === null));

/** Variance over squared mean: about one over the number of payments, whatever they are counted in. */
export function spread(values: number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return mean > 0 ? variance / mean ** 2 : Infinity;
}

export function lastOf(values: Values): number | null {
  for (let index = values.length - 1; index >= 0; --index) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
