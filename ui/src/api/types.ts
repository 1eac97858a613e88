// The shapes of mamori's own JSON API (/api/mamori/v1/). Times are RFC 3339 unless the name ends in _ms.

export type VerdictState = 'ok' | 'degraded' | 'down' | 'unknown';

export interface VerdictReason {
  code: string; // indicator_breached, no_payments, fast_down, alert_firing; newer servers may know more
  indicator?: string;
  alert?: string;
  value?: number | null;
  threshold?: number | null;
}

export interface Indicator {
  name: string;
  unit: 'percent' | 'ms';
  value: number | null;
  op: '>=' | '<=';
  threshold: number;
  state: 'ok' | 'breached' | 'no_data';
  window_seconds: number;
  events: number;
  bad: number;
  severity: string;
  statistic: string;
}

export interface Alert {
  name: string;
  severity: string;
  state: 'firing' | 'pending';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  active_at: string;
  value: number | null;
  fingerprint: string;
}

export interface StreamInfo {
  stream: string;
  lines: number;
  first: string;
  last: string;
}

export interface ScrapeTarget {
  job: string;
  instance: string;
  health: 'up' | 'down' | 'unknown';
  last_error: string;
  last_scrape: string;
}

export interface Overview {
  now: string;
  version: string;
  environment: string;
  configured: boolean;
  config: { files: string[]; last_reload_successful: boolean; last_reload_error: string };
  verdict: { state: VerdictState; since: string; reasons: VerdictReason[] };
  indicators: Indicator[];
  acceptance: { value: number | null; events: number };
  alerts: Alert[];
  streams: StreamInfo[];
  scrape_targets: ScrapeTarget[];
}

export type Outcome = 'succeeded' | 'declined' | 'technical' | 'canceled' | 'pending';

export interface Group {
  attempts: number;
  succeeded: number;
  declined: number;
  technical: number;
  canceled?: number;
  technical_success_percent?: number | null;
  acceptance_percent?: number | null;
}

export type Quantiles = { p50: (number | null)[]; p95: (number | null)[]; p99: (number | null)[] };

export interface Revenue {
  currency: string;
  exponent: number; // minor_units / 10^exponent is the amount
  minor_units: number[];
  total_minor_units: number;
}

export interface Payments {
  start_ms: number;
  end_ms: number;
  step_ms: number;
  times_ms: number[]; // starts of the buckets
  volume: Record<Outcome, number[]>;
  methods: (Group & { method: string })[];
  countries: (Group & { country: string })[];
  providers: (Group & { provider: string })[];
  revenue: Revenue[];
  failure_reasons: { error_code: string; family: string; count: number }[];
  latency_ms: Quantiles;
  webhooks: { count: number; failed: number; max_ms: number | null; p95_ms: number | null };
  checkout: { count: number; failed: number };
  scanned: { lines: number; seconds: number };
  truncated: boolean;
}

export interface Resources {
  instance: string;
  cpu_percent: (number | null)[];
  memory_percent: (number | null)[];
  disk_percent: (number | null)[];
  network_bytes_per_second: (number | null)[];
}

export interface Technical {
  times_ms: number[];
  api_response_times: Quantiles | null;
  errors_by_endpoint: { endpoint: string; requests: number; errors: number; error_percent: number | null }[] | null;
  resources: Resources[] | null;
}

export interface Dashboards {
  dashboards: { name: string; widgets: { title: string; kind: string; available: boolean }[] }[];
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface LogLine {
  stream: string;
  time: string;
  line: { [key: string]: Json };
}

export interface LogAnswer {
  lines: LogLine[];
  truncated: boolean;
  cost: { lines: number; bytes: number; seconds: number };
}
