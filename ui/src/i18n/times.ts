// Times as people read them, in the chosen zone.
import type { Zone } from '../state/url';

export const ianaZone = (zone: Zone): string => (zone === 'JST' ? 'Asia/Tokyo' : 'UTC');

const formats = new Map<string, Intl.DateTimeFormat>();

/** Intl formats are slow to make and quick to use. */
function formatter(lang: string, zone: Zone, kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang} ${zone} ${kind}`;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(lang, { timeZone: ianaZone(zone), hourCycle: 'h23', ...options })));
  return made;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
const SECONDS: Intl.DateTimeFormatOptions = { ...CLOCK, second: '2-digit' };
const DAY: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };

export const formatClock = (ms: number, lang: string, zone: Zone): string => formatter(lang, zone, 'clock', CLOCK).format(ms);
export const formatSeconds = (ms: number, lang: string, zone: Zone): string => formatter(lang, zone, 'seconds', SECONDS).format(ms);
export const formatDay = (ms: number, lang: string, zone: Zone): string => formatter(lang, zone, 'day', DAY).format(ms);
export const formatDayClock = (ms: number, lang: string, zone: Zone): string =>
  formatter(lang, zone, 'dayclock', { ...DAY, ...CLOCK }).format(ms);

/** For log lines: the day only if it is not today's, and milliseconds, since two lines may share a second. */
export function formatLogTime(ms: number, now: number, lang: string, zone: Zone): string {
  const clock = formatter(lang, zone, 'log', { ...SECONDS, fractionalSecondDigits: 3 }).format(ms);
  const day = formatDay(ms, lang, zone);
  return day === formatDay(now, lang, zone) ? clock : `${day} ${clock}`;
}

/** "5 minutes ago", 5 分前. */
export function formatAgo(ms: number, now: number, lang: string): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1_000));
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'always', style: 'short' });
  if (seconds < 60) return relative.format(-seconds, 'second');
  if (seconds < 3_600) return relative.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3_600), 'hour');
  return relative.format(-Math.floor(seconds / 86_400), 'day');
}

/** A length of time: 60 → "1 min", 1 分. */
export function formatLength(seconds: number, lang: string): string {
  const [value, unit] = seconds % 86_400 === 0 ? [seconds / 86_400, 'day'] : seconds % 3_600 === 0 ? [seconds / 3_600, 'hour'] : seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
}

const offsetMs = (zone: Zone): number => (zone === 'JST' ? 9 * 3_600_000 : 0);

/** For <input type="datetime-local">, which knows no zones: the wall clock of `zone`, to the second. */
export const toLocalInput = (ms: number, zone: Zone): string => new Date(ms + offsetMs(zone)).toISOString().slice(0, 19);
export const fromLocalInput = (text: string, zone: Zone): number => Date.parse(`${text}Z`) - offsetMs(zone);
