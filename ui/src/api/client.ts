// One GET of JSON, with a deadline, and an error that says what an operator needs to know.
import type { Dashboards, LogAnswer, Overview, Payments, Technical } from './types';

const API = '/api/mamori/v1';
const DEADLINE_MS = 15_000;

/** `status` 0: no answer at all (server gone, network, deadline). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly path: string,
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | undefined>;

function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** The server's own words if it gave any ({"error": …}), else the body, else the status. */
async function errorText(response: Response): Promise<string> {
  const body = await response.text().catch(() => '');
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed && typeof parsed === 'object' && 'error' in parsed && typeof parsed.error === 'string') return parsed.error;
  } catch {
    // Not JSON: the text itself will do.
  }
  return body.slice(0, 500) || response.statusText || `HTTP ${response.status}`;
}

async function getJson<T>(path: string, query: Query, outer: AbortSignal): Promise<T> {
  const signal = AbortSignal.any ? AbortSignal.any([outer, AbortSignal.timeout(DEADLINE_MS)]) : outer;
  let response: Response;
  try {
    response = await fetch(withQuery(path, query), { signal, headers: { Accept: 'application/json' }, cache: 'no-store' });
  } catch (cause) {
    if (outer.aborted) throw cause;
    throw new ApiError(0, cause instanceof Error ? cause.message : String(cause), path);
  }
  if (!response.ok) throw new ApiError(response.status, await errorText(response), path);
  try {
    return (await response.json()) as T;
  } catch (cause) {
    if (outer.aborted) throw cause;
    throw new ApiError(0, 'the answer was cut off', path);
  }
}

export interface Window {
  start: number; // ms since the epoch
  end: number;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

export const getOverview = (signal: AbortSignal) => getJson<Overview>(`${API}/overview`, {}, signal);
export const getDashboards = (signal: AbortSignal) => getJson<Dashboards>(`${API}/dashboards`, {}, signal);

export const getPayments = (window: Window, stepMs: number, signal: AbortSignal) =>
  getJson<Payments>(`${API}/payments`, { start: seconds(window.start), end: seconds(window.end), step: stepMs / 1000 }, signal);

export const getTechnical = (window: Window, stepMs: number, signal: AbortSignal) =>
  getJson<Technical>(`${API}/technical`, { start: seconds(window.start), end: seconds(window.end), step: stepMs / 1000 }, signal);

export const queryLogs = (query: string, window: Window, limit: number, signal: AbortSignal) =>
  getJson<LogAnswer>(`${API}/logs/query`, { query, start: seconds(window.start), end: seconds(window.end), limit }, signal);

interface PrometheusMatrix {
  data: { result: { values: [number, string][] }[] };
}

/** One series by name over a window: [seconds, value] pairs; empty if the series does not exist there. */
export async function getSeries(name: string, window: Window, stepMs: number, signal: AbortSignal): Promise<[number, number][]> {
  const query = { query: name, start: seconds(window.start), end: seconds(window.end), step: stepMs / 1000 };
  const answer = await getJson<PrometheusMatrix>('/api/v1/query_range', query, signal);
  return (answer.data.result[0]?.values ?? []).map(([at, value]) => [at, Number(value)]);
}
