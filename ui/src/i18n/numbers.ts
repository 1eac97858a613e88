// Numbers as people read them. Pure: the language comes in by parameter, so tests need no page.

/** What stands where there is no value; never "0". */
export const NONE = '–';

const GAP = '\u00a0'; // between a number and its unit: a line must not break there

export const formatCount = (value: number, lang: string): string => new Intl.NumberFormat(lang).format(value);

/** Large counts for axes and labels: 12,345 → "12.3K", 1万. */
export const formatCompact = (value: number, lang: string): string =>
  new Intl.NumberFormat(lang, { notation: 'compact', maximumFractionDigits: 1 }).format(value);

export const formatRate = (value: number, lang: string): string =>
  new Intl.NumberFormat(lang, { maximumFractionDigits: value >= 100 ? 0 : 1 }).format(value);

function fixed(value: number, digits: number, lang: string): string {
  return new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export const formatPercent = (value: number | null | undefined, lang: string, digits = 1): string =>
  value === null || value === undefined ? NONE : `${fixed(roundAwayFrom100(value, digits), digits, lang)}${GAP}%`;

/** 99.97 with one digit is 99.9, not 100.0: "100 %" is said only when nothing failed. Likewise 0.03 is not 0. */
function roundAwayFrom100(value: number, digits: number): number {
  const unit = 10 ** -digits;
  const rounded = Math.round(value / unit) * unit;
  if (value < 100 && rounded >= 100) return 100 - unit;
  if (value > 0 && rounded <= 0) return unit;
  return rounded;
}

/** 850 → "850 ms", 2345 → "2.35 s", 95 000 → "1 min 35 s". */
export function formatMs(value: number | null | undefined, lang: string): string {
  if (value === null || value === undefined) return NONE;
  if (value < 1_000) return `${fixed(value, value < 10 && value % 1 !== 0 ? 1 : 0, lang)}${GAP}ms`;
  if (value < 10_000) return `${fixed(value / 1_000, 2, lang)}${GAP}s`;
  if (value < 60_000) return `${fixed(value / 1_000, 1, lang)}${GAP}s`;
  const seconds = Math.round(value / 1_000);
  return `${formatCount(Math.floor(seconds / 60), lang)}${GAP}min ${seconds % 60}${GAP}s`;
}

/** A value beside its objective: as many digits as it takes to see on which side of it the value lies. */
export function formatValue(value: number | null, unit: string, lang: string, threshold?: number): string {
  if (value === null) return NONE;
  if (unit === 'ms') {
    const text = formatMs(value, lang);
    const collides = threshold !== undefined && value !== threshold && text === formatMs(threshold, lang);
    return collides ? `${fixed(value, 0, lang)}${GAP}ms` : text;
  }
  for (let digits = 2; digits < 6; ++digits) {
    const text = formatPercent(value, lang, digits);
    if (threshold === undefined || value === threshold || text !== formatPercent(threshold, lang, digits)) return text;
  }
  return formatPercent(value, lang, 6);
}

export function formatObjective(op: string, threshold: number, unit: string, lang: string): string {
  const sign = op === '>=' ? '≥' : op === '<=' ? '≤' : op;
  if (unit === 'ms') return `${sign}${GAP}${formatMs(threshold, lang)}`;
  return `${sign}${GAP}${new Intl.NumberFormat(lang, { maximumFractionDigits: 4 }).format(threshold)}${GAP}%`;
}

/** 1000-based, as network rates are. */
export function formatBytes(value: number | null | undefined, lang: string): string {
  if (value === null || value === undefined) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let scaled = value;
  let unit = 0;
  for (; scaled >= 1_000 && unit < units.length - 1; ++unit) scaled /= 1_000;
  return `${fixed(scaled, unit === 0 || scaled >= 100 ? 0 : 1, lang)}${GAP}${units[unit]}`;
}
