// Time ranges: how they are written in the URL, what window they mean now, and how wide a bucket is.

export const RELATIVE_RANGES = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;
export type RelativeRange = (typeof RELATIVE_RANGES)[number];

/** Absolute ends are ms since the epoch; from < to. */
export type Range = { kind: 'relative'; width: RelativeRange } | { kind: 'absolute'; from: number; to: number };

const MINUTE = 60_000;
const WIDTH_MS: Record<RelativeRange, number> = {
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '6h': 360 * MINUTE,
  '24h': 1440 * MINUTE,
  '7d': 10_080 * MINUTE,
};

export const DEFAULT_RANGE: Range = { kind: 'relative', width: '1h' };

export const isRelative = (text: string): text is RelativeRange => (RELATIVE_RANGES as readonly string[]).includes(text);

export function widthOf(range: Range): number {
  return range.kind === 'relative' ? WIDTH_MS[range.width] : range.to - range.from;
}

// About 60 to 100 buckets: more than that are thinner than a finger on a phone. All divide a day, so they fall on round times.
const STEPS_MS = [5_000, 10_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 120 * MINUTE, 720 * MINUTE, 1440 * MINUTE];

export function stepOf(range: Range): number {
  const width = widthOf(range);
  return STEPS_MS.find((step) => width / step <= 100) ?? Math.ceil(width / 100 / MINUTE) * MINUTE;
}

/** A relative window starts on a bucket's edge, so that bars keep their place while time goes on. */
export function windowOf(range: Range, now: number): { start: number; end: number } {
  if (range.kind === 'absolute') return { start: range.from, end: range.to };
  const step = stepOf(range);
  return { start: Math.floor((now - widthOf(range)) / step) * step, end: now };
}

/** The window before or after this one, always absolute; never beyond `now`. */
export function shifted(range: Range, direction: -1 | 1, now: number): Range {
  const width = widthOf(range);
  const { end } = windowOf(range, now);
  const to = Math.min(end + (direction * width) / 2, now);
  return { kind: 'absolute', from: Math.round(to - width), to: Math.round(to) };
}
