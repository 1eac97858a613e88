import { describe, expect, it } from 'vitest';

import { formatBytes, formatMs, formatObjective, formatPercent, formatValue, NONE } from './numbers';

describe('formatPercent', () => {
  it('says 100 % only when nothing failed', () => {
    expect(formatPercent(100, 'en')).toBe('100.0\u00a0%');
    expect(formatPercent(99.97, 'en')).toBe('99.9\u00a0%');
    expect(formatPercent(99.94, 'en')).toBe('99.9\u00a0%');
  });

  it('says 0 % only when there was nothing', () => {
    expect(formatPercent(0, 'en')).toBe('0.0\u00a0%');
    expect(formatPercent(0.01, 'en')).toBe('0.1\u00a0%');
  });

  it('tells a missing value from zero', () => {
    expect(formatPercent(null, 'en')).toBe(NONE);
    expect(formatPercent(undefined, 'en')).toBe(NONE);
  });
});

describe('formatValue', () => {
  it('takes as many digits as show on which side of the objective the value lies', () => {
    expect(formatValue(99.8713, 'percent', 'en', 99.5)).toBe('99.87\u00a0%');
    expect(formatValue(99.4996, 'percent', 'en', 99.5)).toBe('99.4996\u00a0%');
    expect(formatValue(99.5, 'percent', 'en', 99.5)).toBe('99.50\u00a0%');
    expect(formatValue(3_001, 'ms', 'en', 3_000)).toBe('3,001\u00a0ms');
    expect(formatValue(3_000, 'ms', 'en', 3_000)).toBe('3.00\u00a0s');
  });

  it('shows nothing rather than zero when there is no value', () => {
    expect(formatValue(null, 'percent', 'en', 99.5)).toBe(NONE);
  });
});

describe('formatMs', () => {
  it('chooses a unit that reads well', () => {
    expect(formatMs(0, 'en')).toBe('0\u00a0ms');
    expect(formatMs(2.5, 'en')).toBe('2.5\u00a0ms');
    expect(formatMs(850, 'en')).toBe('850\u00a0ms');
    expect(formatMs(2_345, 'en')).toBe('2.35\u00a0s');
    expect(formatMs(12_345, 'en')).toBe('12.3\u00a0s');
    expect(formatMs(95_000, 'en')).toBe('1\u00a0min 35\u00a0s');
    expect(formatMs(null, 'en')).toBe(NONE);
  });
});

describe('formatObjective', () => {
  it('writes the comparison as a sign', () => {
    expect(formatObjective('>=', 99.5, 'percent', 'en')).toBe('≥\u00a099.5\u00a0%');
    expect(formatObjective('<=', 3_000, 'ms', 'en')).toBe('≤\u00a03.00\u00a0s');
  });
});

describe('formatBytes', () => {
  it('scales by thousands', () => {
    expect(formatBytes(12, 'en')).toBe('12\u00a0B');
    expect(formatBytes(412_000, 'en')).toBe('412\u00a0kB');
    expect(formatBytes(1_500_000, 'en')).toBe('1.5\u00a0MB');
    expect(formatBytes(null, 'en')).toBe(NONE);
  });
});
