import { describe, expect, it } from 'vitest';

import { formatAgo, formatClock, formatLength, formatLogTime, fromLocalInput, toLocalInput } from './times';

const noon = Date.parse('2026-03-01T12:34:56.789Z');

describe('times', () => {
  it('follow the chosen zone, not the machine’s', () => {
    expect(formatClock(noon, 'en', 'UTC')).toBe('12:34');
    expect(formatClock(noon, 'en', 'JST')).toBe('21:34');
    expect(formatClock(Date.parse('2026-03-01T15:00:00Z'), 'en', 'JST')).toBe('00:00');
  });

  it('name the day only of lines that are not of today', () => {
    expect(formatLogTime(noon, noon + 1_000, 'en', 'UTC')).toBe('12:34:56.789');
    expect(formatLogTime(noon, noon + 86_400_000, 'en', 'UTC')).toBe('Mar 1 12:34:56.789');
  });

  it('survive the way through a datetime-local input in either zone', () => {
    const second = Math.floor(noon / 1_000) * 1_000;
    for (const zone of ['JST', 'UTC'] as const) expect(fromLocalInput(toLocalInput(noon, zone), zone)).toBe(second);
    expect(toLocalInput(noon, 'JST')).toBe('2026-03-01T21:34:56');
  });

  it('are told as an age in either language', () => {
    expect(formatAgo(noon - 5_000, noon, 'en')).toBe('5 sec. ago');
    expect(formatAgo(noon - 7_400_000, noon, 'ja')).toMatch(/2\s?時間前/);
    expect(formatAgo(noon + 5_000, noon, 'en')).toBe('0 sec. ago'); // a clock ahead of ours
  });

  it('are told as a length', () => {
    expect(formatLength(60, 'en')).toBe('1 min');
    expect(formatLength(90, 'en')).toBe('90 sec');
    expect(formatLength(300, 'ja')).toMatch(/5\s?分/);
  });
});
