import { describe, expect, it } from 'vitest';

import { formatView, parseView, type Defaults, type ViewState } from './url';

const defaults: Defaults = { zone: 'UTC', lang: 'en' };
const plain = parseView('', defaults);

describe('the address', () => {
  it('is empty for the defaults', () => {
    expect(formatView(plain, defaults)).toBe('');
    expect(plain.range).toEqual({ kind: 'relative', width: '1h' });
  });

  it('gives back every choice', () => {
    const chosen: ViewState = {
      range: { kind: 'absolute', from: Date.parse('2026-03-01T00:00:00Z'), to: Date.parse('2026-03-01T06:00:00Z') },
      zone: 'JST',
      lang: 'ja',
      theme: 'dark',
      filter: 'status:failed AND user:"山田 & co" +#?',
      tables: ['volume', 'latency'],
      live: false,
    };
    expect(parseView(formatView(chosen, defaults), defaults)).toEqual(chosen);
    const relative: ViewState = { ...plain, range: { kind: 'relative', width: '7d' } };
    expect(parseView(formatView(relative, defaults), defaults)).toEqual(relative);
  });

  it('keeps a choice that is the default elsewhere', () => {
    const japanese: Defaults = { zone: 'JST', lang: 'ja' };
    const english = { ...plain, lang: 'en', zone: 'UTC' } as const;
    expect(parseView(formatView(english, japanese), japanese)).toEqual(english);
  });

  it('falls back where it is broken', () => {
    const check = (search: string) => expect(parseView(search, defaults), search).toEqual(plain);
    check('?range=2y');
    check('?range=');
    check('?from=yesterday&to=today');
    check('?from=2026-03-01T06:00:00Z&to=2026-03-01T00:00:00Z');
    check('?from=2026-03-01T06:00:00Z');
    check('?lang=tlh&zone=PST&theme=pink');
    check('?tables=<script>,../..');
    check('?unknown=1');
  });
});
