// The view's state as signals, kept equal to the address bar in both directions.
import { batch, computed, effect, signal } from '@preact/signals';

import { formatView, parseView, type Defaults, type ViewState } from './url';

const defaults: Defaults = {
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone === 'Asia/Tokyo' ? 'JST' : 'UTC',
  lang: navigator.language.toLowerCase().startsWith('ja') ? 'ja' : 'en',
};

const view = signal<ViewState>(parseView(location.search, defaults));

export const range = computed(() => view.value.range);
export const zone = computed(() => view.value.zone);
export const lang = computed(() => view.value.lang);
export const theme = computed(() => view.value.theme);
export const filter = computed(() => view.value.filter);
export const live = computed(() => view.value.live);
export const tables = computed(() => view.value.tables);

/** `remember`: leaves a step for the Back button; for choices of what is shown, not of how. */
export function change(part: Partial<ViewState>, remember = false): void {
  const next = { ...view.value, ...part };
  const address = location.pathname + formatView(next, defaults) + location.hash;
  if (address !== location.pathname + location.search + location.hash) {
    history[remember ? 'pushState' : 'replaceState'](null, '', address);
  }
  batch(() => (view.value = next));
}

export function toggleTable(name: string): void {
  const open = tables.value;
  change({ tables: open.includes(name) ? open.filter((other) => other !== name) : [...open, name] });
}

const systemIsDark = signal(false);

/** What `theme` comes to on this machine now. */
export const shownTheme = computed(() => (theme.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : theme.value));

export function keepInStep(): void {
  addEventListener('popstate', () => (view.value = parseView(location.search, defaults)));
  const query = matchMedia('(prefers-color-scheme: dark)');
  systemIsDark.value = query.matches;
  query.addEventListener('change', () => (systemIsDark.value = query.matches));
  effect(() => {
    document.documentElement.lang = lang.value;
    document.documentElement.dataset.theme = shownTheme.value;
  });
}
