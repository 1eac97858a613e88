import { describe, expect, it } from 'vitest';

import { RELATIVE_RANGES, shifted, stepOf, widthOf, windowOf, type Range } from './range';

const now = Date.parse('2026-03-01T12:34:56Z');
const hour: Range = { kind: 'relative', width: '1h' };

describe('ranges', () => {
  it('have between 10 and 200 buckets', () => {
    for (const width of RELATIVE_RANGES) {
      const range: Range = { kind: 'relative', width };
      const count = widthOf(range) / stepOf(range);
      expect(count, width).toBeGreaterThanOrEqual(10);
      expect(count, width).toBeLessThanOrEqual(200);
    }
    const year: Range = { kind: 'absolute', from: now - 366 * 86_400_000, to: now };
    expect(widthOf(year) / stepOf(year)).toBeLessThanOrEqual(200);
  });

  it('start on the edge of a bucket, so that bars stay where they are', () => {
    const window = windowOf(hour, now);
    expect(window.end).toBe(now);
    expect(window.start % stepOf(hour)).toBe(0);
    expect(windowOf(hour, now + 1_000).start).toBe(window.start);
  });

  it('shift by half their width, but not into the future', () => {
    const earlier = shifted(hour, -1, now);
    expect(earlier).toMatchObject({ kind: 'absolute', to: now - 1_800_000 });
    expect(widthOf(earlier)).toBe(widthOf(hour));
    expect(shifted(earlier, 1, now)).toMatchObject({ to: now });
    expect(shifted(shifted(earlier, 1, now), 1, now)).toMatchObject({ to: now });
  });
});
