// A stand-in for mamori while working on the page: serves ui/dist and made-up answers of the API, no storage, no judging.
// Usage: npm run build && npm run fixture [-- PORT], then http://127.0.0.1:PORT/ui/ ; or MAMORI_URL=http://127.0.0.1:PORT npm run dev
// STATE=ok|degraded|down|unknown|empty chooses what it tells.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const port = Number(process.argv[2] ?? 9651);
const state = process.env.STATE ?? 'ok';
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

// A number in [0, 1) that is always the same for the same arguments, so that the past does not change between polls.
function noise(...seeds) {
  let hash = 2166136261;
  for (const char of seeds.join()) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4294967296;
}
const spread = (seed, mean) => Math.max(0, Math.round(mean * (0.75 + 0.5 * noise(seed))));
const iso = (ms) => new Date(ms).toISOString();
const sick = state === 'down' || state === 'degraded';

function overview() {
  const now = Date.now();
  const empty = state === 'empty' || state === 'unknown';
  const success = empty ? null : state === 'down' ? 41.2 : state === 'degraded' ? 98.731 : 99.872;
  const indicator = (name, unit, value, op, threshold, window_seconds, events, bad, statistic) => ({
    name, unit, value, op, threshold, window_seconds, events, bad, statistic, severity: 'critical',
    state: value === null ? 'no_data' : (op === '>=' ? value >= threshold : value <= threshold) ? 'ok' : 'breached',
  });
  return {
    now: iso(now), version: '0.1.0', environment: 'demo', configured: true,
    config: { files: ['config/payment-platform.yaml'], last_reload_successful: true, last_reload_error: '' },
    verdict: {
      state: empty ? 'unknown' : state, since: iso(now - 3 * 3_600_000 - 120_000),
      reasons: sick ? [{ code: 'indicator_breached', indicator: 'payment_success_rate', alert: '', value: success, threshold: 99.5 }] : empty ? [{ code: 'no_payments' }] : [],
    },
    indicators: [
      indicator('payment_success_rate', 'percent', success, '>=', 99.5, 60, empty ? 0 : 812, empty ? 0 : sick ? 61 : 1, 'Average'),
      indicator('payment_latency_p99', 'ms', empty ? null : 1_842 + Math.round(300 * noise(now)), '<=', 3_000, 60, empty ? 0 : 811, 0, 'p99'),
      indicator('stripe_webhook_processing_time', 'ms', empty ? null : 3_377, '<=', 5_000, 60, empty ? 0 : 240, 0, 'Maximum'),
      indicator('checkout_session_creation_errors', 'percent', state === 'ok' || sick ? 0.12 : null, '<=', 1, 60, empty ? 0 : 833, empty ? 0 : 1, 'Average'),
    ],
    acceptance: { value: empty ? null : 88.42, events: empty ? 0 : 790 },
    alerts: sick
      ? [
          { name: 'payment_success_rate', severity: 'critical', state: 'firing', labels: { alertname: 'payment_success_rate' }, annotations: { summary: 'Technical success is below 99.5 % of 812 payments in 1 minute.' }, active_at: iso(now - 95_000), value: success, fingerprint: 'a1' },
          { name: 'high_failure_rate', severity: 'info', state: 'firing', labels: { page: 'false' }, annotations: { summary: 'status:failed AND count > 10 in 5 minutes' }, active_at: iso(now - 3_600_000), value: 44, fingerprint: 'a2' },
        ]
      : [],
    streams: empty ? [] : [
      { stream: 'payment_logs', lines: 482_113, first: iso(now - 40 * 60_000), last: iso(now) },
      { stream: 'payment_webhooks', lines: 120_313, first: iso(now - 40 * 60_000), last: iso(now) },
      { stream: 'security_access', lines: 912_004, first: iso(now - 40 * 60_000), last: iso(now) },
    ],
    scrape_targets: [
      { job: 'node', instance: '127.0.0.1:9100', health: 'up', last_error: '', last_scrape: iso(now - 4_000) },
      { job: 'mamori', instance: '127.0.0.1:9650', health: sick ? 'down' : 'up', last_error: sick ? 'connection refused' : '', last_scrape: iso(now - 9_000) },
    ],
  };
}

function buckets(query) {
  const end = Number(query.get('end')) * 1_000 || Date.now();
  const start = Number(query.get('start')) * 1_000 || end - 3_600_000;
  const step = Number(query.get('step')) * 1_000 || 60_000;
  const times = [];
  for (let at = Math.floor(start / step) * step; at < end; at += step) times.push(at);
  return { start, end, step, times };
}

function payments(query) {
  const { start, end, step, times } = buckets(query);
  const empty = state === 'empty' || state === 'unknown';
  const known = (at) => !empty && at > Date.now() - 40 * 60_000;
  const perBucket = step / 60_000;
  const series = (name, mean) => times.map((at) => (known(at) && noise('gap', Math.floor(at / step / 3)) > 0.06 ? spread(name + at, mean * perBucket) : 0));
  const group = (key, name, attempts, decline, technical) => {
    const declined = Math.round(attempts * decline);
    const failed = Math.round(attempts * technical);
    const succeeded = attempts - declined - failed;
    return {
      [key]: name, attempts, succeeded, declined, technical: failed, canceled: 0,
      technical_success_percent: (100 * (attempts - failed)) / attempts, acceptance_percent: (100 * succeeded) / (succeeded + declined),
    };
  };
  const money = (currency, exponent, mean) => {
    const minor_units = series(currency, mean);
    return { currency, exponent, minor_units, total_minor_units: minor_units.reduce((sum, value) => sum + value, 0) };
  };
  const quantile = (name, mean) => times.map((at) => (known(at) ? spread(name + at, mean) : null));
  const lists = (rows) => (empty ? [] : rows);
  return {
    start_ms: start, end_ms: end, step_ms: step, times_ms: times,
    volume: { succeeded: series('s', 42), declined: series('d', 5), technical: series('t', sick ? 9 : 0.3), canceled: series('c', 1.2), pending: series('p', 1) },
    methods: lists([group('method', 'card', 1_812, 0.11, sick ? 0.2 : 0.001), group('method', 'konbini', 402, 0.01, 0), group('method', 'paypay', 355, 0.04, 0.002), group('method', 'bank_transfer', 88, 0.02, 0)]),
    countries: lists([['JP', 1_903], ['US', 240], ['SG', 131], ['TW', 92], ['HK', 77], ['GB', 51], ['DE', 40], ['FR', 33], ['KR', 29], ['', 12]].map(([code, count]) => group('country', code, count, 0.1, 0.004))),
    providers: lists([group('provider', 'stripe', 2_402, 0.1, 0.003), group('provider', 'gmo', 255, 0.08, 0)]),
    revenue: lists([money('JPY', 0, 182_000), money('USD', 2, 81_250), money('EUR', 2, 24_990)]),
    failure_reasons: lists([
      ['insufficient_funds', 'funds', 91], ['do_not_honor', 'unknown', 66], ['authentication_required', 'authenticate', 40], ['incorrect_cvc', 'fix_data', 31], ['expired_card', 'fix_data', 22],
      ['processing_error', 'technical', sick ? 204 : 3], ['lost_card', 'fraud', 4], ['card_not_supported', 'not_allowed', 3], ['', 'technical', 2],
    ].map(([error_code, family, count]) => ({ error_code, family, count }))),
    latency_ms: { p50: quantile('p50', 420), p95: quantile('p95', 1_120), p99: quantile('p99', 1_980) },
    webhooks: { count: empty ? 0 : 2_110, failed: 3, max_ms: empty ? null : 3_377, p95_ms: empty ? null : 1_204 },
    checkout: { count: empty ? 0 : 2_702, failed: 3 },
    scanned: { lines: 18_332, seconds: 0.021 }, truncated: false,
  };
}

function technical(query) {
  const { times } = buckets(query);
  const known = (at) => at > Date.now() - 40 * 60_000;
  const course = (name, mean) => times.map((at) => (known(at) ? spread(name + at, mean) : null));
  return {
    times_ms: times,
    api_response_times: { p50: course('a', 34), p95: course('b', 110), p99: course('c', 260) },
    errors_by_endpoint: [
      { endpoint: 'POST /api/payments', requests: 4_022, errors: sick ? 611 : 4, error_percent: sick ? 15.19 : 0.099 },
      { endpoint: 'POST /api/webhooks/stripe', requests: 2_110, errors: 3, error_percent: 0.142 },
      { endpoint: 'GET /api/checkout', requests: 9_113, errors: 0, error_percent: 0 },
    ],
    resources: [{ instance: '127.0.0.1:9100', cpu_percent: course('cpu', 34), memory_percent: course('mem', 61), disk_percent: course('disk', 22), network_bytes_per_second: course('net', 412_000) }],
  };
}

function logLines(query) {
  const text = query.get('query') ?? '';
  if (text.endsWith(':') || text.includes('((')) {
    return { status: 400, body: { error: `column ${text.length + 1}: a value is missing after ":"\n  ${text}\n  ${' '.repeat(text.length)}^`, code: 'invalid_argument' } };
  }
  if (state === 'empty') return { status: 200, body: { lines: [], truncated: false, cost: { lines: 0, bytes: 0, seconds: 0 } } };
  const last = Math.floor(Date.now() / 900);
  const all = Array.from({ length: 400 }, (_, index) => {
    const serial = last - index;
    const kind = noise('kind', serial);
    const time = iso(serial * 900 + Math.floor(noise('ms', serial) * 400));
    if (kind > 0.85) {
      const line = { '@timestamp': time, request_method: 'POST', request_path: '/api/payments', response_code: kind > 0.98 ? 502 : 200, response_time_ms: spread(serial, 60), ip_address: '203.0.113.9' };
      return { stream: 'security_access', time, line };
    }
    const failed = kind < 0.12;
    const jpy = kind < 0.6;
    const line = {
      '@timestamp': time, event: 'payment', payment_id: `pay_${serial.toString(36)}`, user_id: `u_${serial % 977}`, session_id: `s_${serial % 4111}`,
      amount: jpy ? spread(serial, 4_800) : spread(serial, 6_199), currency: jpy ? 'JPY' : 'USD', status: failed ? 'failed' : 'succeeded', payment_method: kind < 0.5 ? 'card' : 'paypay',
      processing_time: spread(`t${serial}`, 480), ...(failed ? { error_code: 'insufficient_funds' } : {}), provider: 'stripe', country: jpy ? 'JP' : 'US', brand: 'visa',
    };
    return { stream: 'payment_logs', time, line };
  });
  const wanted = /status:(\w+)/.exec(text)?.[1];
  const lines = all.filter(({ line }) => !wanted || line.status === wanted);
  const limit = Number(query.get('limit') ?? 100);
  return { status: 200, body: { lines: lines.slice(0, limit), truncated: lines.length > limit, cost: { lines: 18_332, bytes: 4_100_000, seconds: 0.012 } } };
}

function queryRange(query) {
  const name = query.get('query');
  const [start, end, step] = ['start', 'end', 'step'].map((key) => Number(query.get(key)));
  const mean = { payment_success_rate: 99.8, payment_latency_p99: 1_900, stripe_webhook_processing_time: 3_200, checkout_session_creation_errors: 0.2 }[name];
  const values = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
    if (at * 1_000 < Date.now() - 40 * 60_000) continue;
    const value = mean > 90 && mean < 100 ? Math.min(100, mean + 0.3 * (noise(name, at) - 0.6)) : mean * (0.8 + 0.4 * noise(name, at));
    values.push([at, String(value)]);
  }
  return { status: 'success', data: { resultType: 'matrix', result: values.length > 0 ? [{ metric: { __name__: name }, values }] : [] } };
}

const kinds = { 'Real-time transaction volume': 'volume', 'Success rate by payment method': 'methods', 'Geographic distribution of payments': 'countries', 'Revenue per minute': 'revenue', 'Failed payment reasons breakdown': 'failures' };
const technicalKinds = { 'API response times': 'api_response_times', 'Database query performance': 'database', 'Cache hit rates': 'cache', 'Error rates by endpoint': 'errors_by_endpoint', 'Infrastructure resource utilization': 'resources' };
const widgets = (table) => Object.entries(table).map(([title, kind]) => ({ title, kind, available: kind !== 'database' && kind !== 'cache' }));

function answer(url) {
  const query = url.searchParams;
  switch (url.pathname) {
    case '/api/mamori/v1/overview':
      return { status: 200, body: overview() };
    case '/api/mamori/v1/payments':
      return { status: 200, body: payments(query) };
    case '/api/mamori/v1/technical':
      return { status: 200, body: technical(query) };
    case '/api/mamori/v1/dashboards':
      return { status: 200, body: { dashboards: [{ name: 'Payment Performance Dashboard', widgets: widgets(kinds) }, { name: 'Technical Metrics Dashboard', widgets: widgets(technicalKinds) }] } };
    case '/api/mamori/v1/logs/query':
      return logLines(query);
    case '/api/v1/query_range':
      return { status: 200, body: queryRange(query) };
    default:
      return { status: 404, body: { error: 'no such path' } };
  }
}

createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (url.pathname.startsWith('/ui/')) {
    let file = join(dist, url.pathname.slice(4));
    if (!extname(file) || !existsSync(file)) file = join(dist, 'index.html');
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': "default-src 'self'" });
    response.end(readFileSync(file));
    return;
  }
  const { status, body } = answer(url);
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/ui/  (${state})`));
