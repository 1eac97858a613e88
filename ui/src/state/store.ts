// All that the page shows from the server, and when it asks for it.
import { computed, effect, signal, untracked } from '@preact/signals';

import { getDashboards, getOverview, getPayments, getSeries, getTechnical, queryLogs } from '../api/client';
import { poll, type Resource } from './poll';
import { stepOf, widthOf, windowOf } from './range';
import { filter, live, range } from './view';

const LOG_LINES = 50;

/** The server's clock minus ours; a laptop whose clock is off must not ask for the wrong hour. */
let skewMs = 0;
const serverNow = (): number => Date.now() + skewMs;
const currentWindow = () => windowOf(range.value, serverNow());

export const overview = poll(async (abort) => {
  const answer = await getOverview(abort);
  const now = Date.parse(answer.now);
  if (Number.isFinite(now)) skewMs = Math.abs(now - Date.now()) > 2_000 ? now - Date.now() : 0;
  return answer;
});
export const dashboards = poll(getDashboards, 15_000);
export const payments = poll((abort) => getPayments(currentWindow(), stepOf(range.value), abort));
export const technical = poll((abort) => getTechnical(currentWindow(), stepOf(range.value), abort));
export const logs = poll((abort) => queryLogs(filter.value, currentWindow(), LOG_LINES, abort));

/** Each indicator's course over the range, for the small graph in its card. */
export const courses = poll(async (abort) => {
  const step = Math.max(1_000, Math.ceil(widthOf(range.value) / 120 / 1_000) * 1_000);
  const { start, end } = currentWindow();
  // Points on round times, so that the line keeps its shape between polls; the last one lies at most a step ahead of now,
  // where the newest sample still counts.
  const window = { start: Math.floor(start / step) * step, end: Math.ceil(end / step) * step };
  const names = (untracked(() => overview.data.value)?.indicators ?? []).map((indicator) => indicator.name);
  const series = await Promise.all(names.map((name) => getSeries(name, window, step, abort)));
  return { window, step, series: new Map(names.map((name, i) => [name, series[i] ?? []])) };
});

const all: Resource<unknown>[] = [overview, dashboards, payments, technical, logs, courses] as Resource<unknown>[];

/** The server cannot be reached, or does not answer with sense. */
export const serverGone = computed(() => overview.error.value !== null);

/** A clock for "N s ago", one tick a second. */
export const tick = signal(Date.now());

export const hasWidget = (kind: string): boolean =>
  dashboards.data.value?.dashboards.some((board) => board.widgets.some((widget) => widget.kind === kind && widget.available)) ??
  false;

export function refreshAll(fresh = false): void {
  for (const resource of all) resource.refresh(fresh);
}

export function startUpdating(): void {
  setInterval(() => (tick.value = Date.now()), 1_000);
  const visible = signal(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', () => (visible.value = document.visibilityState === 'visible'));
  // With updates paused, or in a hidden tab, everything is still fetched once.
  refreshAll();
  effect(() => {
    const running = live.value && visible.value;
    for (const resource of all) running ? resource.start() : resource.stop();
  });
  // The first run only notes the dependencies.
  let first = true;
  effect(() => {
    void range.value;
    if (!first) for (const resource of [payments, technical, logs, courses]) untracked(() => resource.refresh(true));
  });
  effect(() => {
    void filter.value;
    if (!first) untracked(() => logs.refresh(true));
  });
  // The small graphs need to know the indicators' names.
  const named = computed(() => (overview.data.value?.indicators ?? []).map((indicator) => indicator.name).join());
  effect(() => {
    if (named.value) untracked(() => courses.refresh(true));
  });
  first = false;
}
