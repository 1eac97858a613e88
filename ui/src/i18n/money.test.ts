import { describe, expect, it } from 'vitest';

import { exponentOf, formatMoney, formatMoneyCompact } from './money';

describe('formatMoney', () => {
  it('places the point by the exponent, never by guess', () => {
    expect(formatMoney(1_200, 0, 'JPY', 'en')).toBe('¥1,200');
    expect(formatMoney(1_200, 0, 'JPY', 'ja')).toBe('￥1,200');
    expect(formatMoney(123_456, 2, 'USD', 'en')).toBe('$1,234.56');
    expect(formatMoney(1_234, 3, 'KWD', 'en')).toContain('1.234');
    expect(formatMoney(5, 2, 'USD', 'en')).toBe('$0.05');
    expect(formatMoney(-250, 2, 'USD', 'en')).toBe('-$2.50');
  });

  it('loses no cent of a large sum', () => {
    for (let minor = 999_999_999_999_000; minor < 999_999_999_999_100; ++minor) {
      const digits = formatMoney(minor, 2, 'USD', 'en').replace(/\D/g, '');
      expect(digits).toBe(String(minor));
    }
  });

  it('shows a currency that it does not know by its own name', () => {
    expect(formatMoney(1_200, 2, 'points', 'en')).toBe('12.00 points');
    expect(formatMoney(1_200, 2, '', 'en')).toBe('12.00');
  });
});

describe('formatMoneyCompact', () => {
  it('is short enough for an axis', () => {
    expect(formatMoneyCompact(182_000, 0, 'JPY', 'en')).toBe('¥182K');
    expect(formatMoneyCompact(182_000, 0, 'JPY', 'ja')).toBe('￥18.2万');
  });
});

describe('exponentOf', () => {
  it("is ISO 4217's", () => {
    expect([exponentOf('JPY'), exponentOf('USD'), exponentOf('KWD')]).toEqual([0, 2, 3]);
  });
});
