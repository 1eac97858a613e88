import { describe, expect, it, vi } from 'vitest';

vi.mock('../state/view', () => ({ change: () => {} }));
import { term } from './filter_link';

describe('term', () => {
  it('quotes what is more than a word', () => {
    expect(term('country', 'JP')).toBe('country:JP');
    expect(term('error_code', 'do_not_honor')).toBe('error_code:do_not_honor');
    expect(term('payment_method', 'apple pay')).toBe('payment_method:"apple pay"');
    expect(term('error_code', 'a"b\\c')).toBe('error_code:"a\\"b\\\\c"');
  });
});
