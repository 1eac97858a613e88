import { describe, expect, it } from 'vitest';

import { linePath } from './sparkline';

const same = (value: number): number => value;

describe('linePath', () => {
  it('never bridges a gap', () => {
    expect(linePath([[0, 1], [1, 2], [9, 3], [10, 4]], same, same, 2)).toBe('M0.0 1.0L0.0 1.0L1.0 2.0M9.0 3.0L9.0 3.0L10.0 4.0');
  });

  it('shows a lone point', () => {
    expect(linePath([[5, 1]], same, same, 2)).toBe('M5.0 1.0L5.0 1.0');
  });
});
