// The bar that stays on top: where we are, how fresh it is, what range, which language and theme.
import { t } from '../i18n';
import { overview, refreshAll, serverGone, tick } from '../state/store';
import { change, lang, live, theme, zone } from '../state/view';
import type { Lang, Theme, Zone } from '../state/url';
import { Icon, Shield } from './icons';
import { RangePicker } from './range_picker';

function Freshness() {
  const at = overview.at.value;
  const seconds = Math.max(0, Math.round((tick.value - at) / 1_000));
  const text = at === 0 ? t('not_yet_updated') : seconds < 2 ? t('updated_now') : t('updated_ago', { seconds });
  const tone = serverGone.value ? 'bad' : !live.value ? 'unknown' : seconds > 15 && at > 0 ? 'warn' : 'ok';
  return (
    <div class="freshness" data-testid="freshness">
      <span class={`dot tone-${tone}`} aria-hidden="true" />
      <span class="freshness-text">{live.value ? text : `${t('paused')} · ${text}`}</span>
      <button type="button" class="icon-button" title={t(live.value ? 'pause' : 'resume')} aria-label={t(live.value ? 'pause' : 'resume')} onClick={() => change({ live: !live.value })}>
        <Icon name={live.value ? 'pause' : 'play'} />
      </button>
      <button type="button" class="icon-button" title={t('refresh')} aria-label={t('refresh')} onClick={() => refreshAll()}>
        <Icon name="refresh" />
      </button>
    </div>
  );
}

interface SwitchProps<T extends string> {
  label: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

function Switch<T extends string>({ label, value, choices, onChange }: SwitchProps<T>) {
  return (
    <div class="switch" role="group" aria-label={label}>
      {choices.map(([choice, text]) => (
        <button type="button" key={choice} aria-pressed={choice === value} onClick={() => onChange(choice)}>
          {text}
        </button>
      ))}
    </div>
  );
}

const zones: readonly (readonly [Zone, string])[] = [['JST', 'JST'], ['UTC', 'UTC']];
const langs: readonly (readonly [Lang, string])[] = [['en', 'EN'], ['ja', '日本語']];

export function TopBar() {
  const themes: readonly (readonly [Theme, string])[] = [
    ['system', t('theme_system')],
    ['light', t('theme_light')],
    ['dark', t('theme_dark')],
  ];
  return (
    <header class="top-bar">
      <a class="brand" href="/ui/" aria-label="mamori">
        <Shield />
        <span>mamori</span>
      </a>
      <nav aria-label={t('nav_label')}>
        <a href="#now">{t('nav_now')}</a>
        <a href="#payments">{t('nav_payments')}</a>
        <a href="#technical">{t('nav_technical')}</a>
        <a href="#logs">{t('nav_logs')}</a>
      </nav>
      <Freshness />
      <div class="controls">
        <RangePicker />
        <Switch label={t('zone')} value={zone.value} choices={zones} onChange={(value) => change({ zone: value })} />
        <Switch label={t('language')} value={lang.value} choices={langs} onChange={(value) => change({ lang: value })} />
        <label class="select">
          <span class="hidden">{t('theme')}</span>
          <select value={theme.value} onChange={(event) => change({ theme: event.currentTarget.value as Theme })}>
            {themes.map(([choice, text]) => (
              <option key={choice} value={choice}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
    </header>
  );
}
