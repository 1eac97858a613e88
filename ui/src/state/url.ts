// Everything that a person chose, as the page's address: what is sent to a colleague shows the same.
// Defaults are left out, so a plain /ui/ stays plain; unknown or broken parts fall back to the default.
import { DEFAULT_RANGE, isRelative, type Range } from './range';

export type Zone = 'JST' | 'UTC';
export type Lang = 'en' | 'ja';
export type Theme = 'system' | 'light' | 'dark';

export interface ViewState {
  range: Range;
  zone: Zone;
  lang: Lang;
  theme: Theme;
  filter: string; // log query
  tables: string[]; // charts shown as tables
  live: boolean; // updates itself
}

export interface Defaults {
  zone: Zone;
  lang: Lang;
}

function parseRange(params: URLSearchParams): Range {
  const from = Date.parse(params.get('from') ?? '');
  const to = Date.parse(params.get('to') ?? '');
  if (from < to) return { kind: 'absolute', from, to };
  const relative = params.get('range') ?? '';
  return isRelative(relative) ? { kind: 'relative', width: relative } : DEFAULT_RANGE;
}

function oneOf<T extends string>(text: string | null, choices: readonly T[], fallback: T): T {
  return choices.find((choice) => choice === text) ?? fallback;
}

const TABLE_NAME = /^[a-z_]{1,40}$/;

export function parseView(search: string, defaults: Defaults): ViewState {
  const params = new URLSearchParams(search);
  return {
    range: parseRange(params),
    zone: oneOf(params.get('zone')?.toUpperCase() ?? null, ['JST', 'UTC'], defaults.zone),
    lang: oneOf(params.get('lang'), ['en', 'ja'], defaults.lang),
    theme: oneOf(params.get('theme'), ['system', 'light', 'dark'], 'system'),
    filter: params.get('q') ?? '',
    tables: (params.get('tables') ?? '').split(',').filter((name) => TABLE_NAME.test(name)),
    live: params.get('live') !== 'off',
  };
}

export function formatView(view: ViewState, defaults: Defaults): string {
  const params = new URLSearchParams();
  if (view.range.kind === 'absolute') {
    params.set('from', new Date(view.range.from).toISOString());
    params.set('to', new Date(view.range.to).toISOString());
  } else if (view.range.width !== '1h') {
    params.set('range', view.range.width);
  }
  if (view.zone !== defaults.zone) params.set('zone', view.zone.toLowerCase());
  if (view.lang !== defaults.lang) params.set('lang', view.lang);
  if (view.theme !== 'system') params.set('theme', view.theme);
  if (view.filter) params.set('q', view.filter);
  if (view.tables.length > 0) params.set('tables', view.tables.join(','));
  if (!view.live) params.set('live', 'off');
  const text = params.toString();
  return text ? `?${text}` : '';
}
