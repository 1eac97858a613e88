import { describe, expect, it } from 'vitest';

import { summarize } from './log_summary';

describe('summarize', () => {
  it('tells a payment by amount, method, country and time taken', () => {
    const line = { event: 'payment', status: 'failed', amount: 1_200, currency: 'JPY', payment_method: 'card', country: 'JP', processing_time: 423, error_code: 'do_not_honor' };
    const summary = summarize(line, 'en');
    expect(summary).toMatchObject({ status: 'failed', error: 'do_not_honor', event: 'payment' });
    expect(summary.what).toBe('¥1,200  card  JP  423\u00a0ms');
  });

  it('tells a request by path and answer', () => {
    expect(summarize({ request_method: 'POST', request_path: '/a', response_code: 502, response_time_ms: 31 }, 'en').what).toBe('POST  /a  502  31\u00a0ms');
  });

  it('shows any other document as it is', () => {
    expect(summarize({ '@timestamp': 'x', a: 1, b: { c: [true, null] } }, 'en').what).toBe('a=1 b={"c":[true,null]}');
    expect(summarize({ message: 'hello' }, 'en').what).toBe('hello');
  });
});
