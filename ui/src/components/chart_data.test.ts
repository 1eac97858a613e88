import { describe, expect, it } from 'vitest';

import { lastOf, missingOutside, perMinute, spread, stacked } from './chart_data';

describe('stacked', () => {
  it('adds the layers up, and stays missing where all are', () => {
    expect(stacked([[1, 2, null, null], [10, null, 30, null]])).toEqual([[1, 2, null, null], [11, 2, 30, null]]);
  });
});

describe('perMinute', () => {
  it('makes buckets of any width comparable', () => {
    expect(perMinute([10, 0, null], 30_000)).toEqual([20, 0, null]);
    expect(perMinute([10], 300_000)).toEqual([2]);
  });
});

describe('missingOutside', () => {
  it('claims no zero before the first line nor after now', () => {
    const times = [0, 60_000, 120_000, 180_000];
    expect(missingOutside([0, 0, 5, 0], times, 60_000, 70_000, 150_000)).toEqual([null, 0, 5, null]);
  });
});

describe('spread', () => {
  it('does not depend on the unit, and is larger for what comes rarely', () => {
    expect(spread([1, 2, 3])).toBeCloseTo(spread([100, 200, 300]));
    expect(spread([10, 11, 12])).toBeLessThan(spread([0, 0, 33]));
    expect(spread([0, 0])).toBe(Infinity);
  });
});

describe('lastOf', () => {
  it('skips what is missing, but not a zero', () => {
    expect(lastOf([1, 0, null])).toBe(0);
    expect(lastOf([null])).toBeNull();
    expect(lastOf([])).toBeNull();
  });
});
