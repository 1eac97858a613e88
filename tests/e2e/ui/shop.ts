// What the tests ship: an hour's end at a small shop, with numbers that are known in advance.
export const CONFIG = `
environment: demo
payment_monitoring:
  metrics:
    - {name: payment_success_rate, threshold: 99.5, period: 300, statistic: Average, alarm_action: immediate_alert}
    - {name: payment_latency_p99, threshold: 3000, period: 300, statistic: p99, alarm_action: warning_alert}
    - {name: stripe_webhook_processing_time, threshold: 5000, period: 300, statistic: Maximum, alarm_action: critical_alert}
    - {name: checkout_session_creation_errors, threshold: 1, period: 300, statistic: Average, alarm_action: immediate_alert}
  dashboards:
    - name: Payment Performance Dashboard
      widgets:
        - Real-time transaction volume
        - Success rate by payment method
        - Geographic distribution of payments
        - Revenue per minute
        - Failed payment reasons breakdown
    - name: Technical Metrics Dashboard
      widgets:
        - API response times
        - Database query performance
        - Cache hit rates
        - Error rates by endpoint
        - Infrastructure resource utilization
log_analysis:
  payment_logs: {pattern: "payment_*", retention_days: 400}
  security_logs: {pattern: "security_*", retention_days: 400}
`;

const PAYMENTS = 400;
const DECLINED = 40; // insufficient_funds: the issuer's choice
const TECHNICAL = 1; // processing_error: counts against us

export interface Payment {
  '@timestamp': string;
  payment_id: string;
  status: string;
  amount: number;
  currency: string;
  [field: string]: unknown;
}

export function payment(serial: number, at: number, more: object = {}): Payment {
  const yen = serial % 4 !== 0;
  return {
    '@timestamp': new Date(at).toISOString(),
    payment_id: `pay_${serial}`,
    user_id: `user_${serial % 50}`,
    session_id: `session_${serial}`,
    status: 'succeeded',
    amount: yen ? 1_200 : 1_999,
    currency: yen ? 'JPY' : 'USD',
    payment_method: serial % 5 === 0 ? 'paypay' : 'card',
    processing_time: 300 + (serial % 100), // 300 to 399 ms; p99 is 398
    provider: 'stripe',
    country: yen ? 'JP' : 'US',
    brand: 'visa',
    ...more,
  };
}

/** `PAYMENTS` payments spread over the two minutes before `now`: all fall in the 5-minute windows for a while. */
export function payments(now: number): Payment[] {
  return Array.from({ length: PAYMENTS }, (_, serial) => {
    const at = now - 2_000 - serial * 300;
    if (serial < DECLINED) return payment(serial, at, { status: 'failed', error_code: 'insufficient_funds' });
    if (serial < DECLINED + TECHNICAL) return payment(serial, at, { status: 'failed', error_code: 'processing_error' });
    return payment(serial, at);
  });
}

export function webhooks(now: number): object[] {
  return [120, 3_400, 800].map((processing_time, serial) => ({
    '@timestamp': new Date(now - 3_000 - serial * 1_000).toISOString(),
    payment_id: `pay_${serial}`,
    status: 'succeeded',
    processing_time,
  }));
}

export function checkouts(now: number): object[] {
  return Array.from({ length: 200 }, (_, serial) => ({
    '@timestamp': new Date(now - 2_000 - serial * 500).toISOString(),
    session_id: `session_${serial}`,
    status: serial === 0 ? 'failed' : 'succeeded',
  }));
}

export function requests(now: number): object[] {
  return Array.from({ length: 50 }, (_, serial) => ({
    '@timestamp': new Date(now - 2_000 - serial * 900).toISOString(),
    request_method: 'POST',
    request_path: '/api/payments',
    response_code: serial === 0 ? 502 : 200,
    response_time_ms: 20 + serial,
  }));
}

const succeeded = PAYMENTS - DECLINED - TECHNICAL;
const yen = (from: number): number => Array.from({ length: PAYMENTS }, (_, serial) => serial).filter((serial) => serial >= from && serial % 4 !== 0).length;

/** What the page must say of these. */
export const EXPECTED = {
  success: '99.75 %', // 399 of 400
  latency: '398 ms',
  webhook: '3.40 s',
  checkout: '0.50 %', // 1 of 200
  acceptance: `${((100 * succeeded) / (succeeded + DECLINED)).toFixed(1)} %`,
  volume: `${PAYMENTS} payments: ${succeeded} succeeded, ${DECLINED} declined by issuers, ${TECHNICAL} failed technically.`,
  jpy: `¥${(yen(DECLINED + TECHNICAL) * 1_200).toLocaleString('en-US')}`,
  declined: String(DECLINED),
};
