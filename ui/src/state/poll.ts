// A resource that is fetched again and again. Keeps the last good answer while it refetches or fails.
import { signal, type Signal } from '@preact/signals';

import { ApiError } from '../api/client';

export const INTERVAL_MS = 2_000; // the page promises 5 s; the rest is for the answer itself
const SHARE_MAX = 4; // a resource waits at least 4 times as long as its last answer took: at most a fifth of a server

export interface Resource<T> {
  data: Signal<T | null>;
  error: Signal<ApiError | null>;
  loading: Signal<boolean>; // a fetch for a new range or filter is under way: what is shown is about to change
  at: Signal<number>; // when `data` arrived, ms since the epoch; 0: never
  /** Fetches now. `fresh`: what was asked for has changed, so an answer under way is of no use. */
  refresh(fresh?: boolean): void;
  start(): void;
  stop(): void;
}

export function poll<T>(load: (signal: AbortSignal) => Promise<T>, intervalMs = INTERVAL_MS): Resource<T> {
  const data = signal<T | null>(null);
  const error = signal<ApiError | null>(null);
  const loading = signal(false);
  const at = signal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let under: AbortController | null = null;
  let running = false;

  async function fetchOnce(): Promise<void> {
    clearTimeout(timer);
    const controller = new AbortController();
    under = controller;
    const began = performance.now();
    try {
      const answer = await load(controller.signal);
      if (under !== controller) return;
      data.value = answer;
      error.value = null;
      at.value = Date.now();
    } catch (cause) {
      if (under !== controller) return;
      error.value = cause instanceof ApiError ? cause : new ApiError(0, String(cause), '');
    }
    under = null;
    loading.value = false;
    const wait = Math.max(intervalMs, (performance.now() - began) * SHARE_MAX);
    if (running) timer = setTimeout(fetchOnce, wait);
  }

  return {
    data,
    error,
    loading,
    at,
    refresh(fresh = false) {
      if (under && !fresh) return;
      under?.abort();
      if (fresh) loading.value = true;
      void fetchOnce();
    },
    start() {
      if (running) return;
      running = true;
      if (!under) void fetchOnce();
    },
    stop() {
      running = false;
      clearTimeout(timer);
    },
  };
}
