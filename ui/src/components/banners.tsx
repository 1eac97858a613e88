// What must be known before anything else on the page is believed.
import { t } from '../i18n';
import { formatSeconds } from '../i18n/times';
import { overview, serverGone } from '../state/store';
import { lang, zone } from '../state/view';
import { Icon } from './icons';

function ServerGone() {
  if (!serverGone.value) return null;
  const error = overview.error.value;
  const at = overview.at.value;
  const title = error && error.status > 0 ? t('gone_status', { status: error.status }) : t('gone_title');
  const text = at > 0 ? t('gone_text', { time: formatSeconds(at, lang.value, zone.value) }) : t('gone_never');
  return (
    <div class="banner tone-bad" role="alert" data-testid="server-gone">
      <Icon name="bad" />
      <p>
        <strong>{title}</strong> {text}
        {error && error.status > 0 && <code>{error.message}</code>}
      </p>
    </div>
  );
}

export function Banners() {
  const data = overview.data.value;
  return (
    <div class="banners">
      <ServerGone />
      {data?.environment === 'demo' && (
        <div class="banner tone-info" data-testid="demo-banner">
          <Icon name="info" />
          <p>{t('demo_banner')}</p>
        </div>
      )}
      {data && !data.config.last_reload_successful && (
        <div class="banner tone-warn" role="alert" data-testid="config-broken">
          <Icon name="warn" />
          <p>
            <strong>{t('config_broken')}</strong> <code>{data.config.last_reload_error}</code>
          </p>
        </div>
      )}
      {data && !data.configured && (
        <div class="banner tone-unknown">
          <Icon name="info" />
          <p>
            {t('not_configured')} <code>{t('not_configured_hint')}</code>
          </p>
        </div>
      )}
    </div>
  );
}
