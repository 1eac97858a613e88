// Alerts that fire or are about to. New ones are announced; the rest of the page is not.
import type { Alert } from '../api/types';
import { isKey, t } from '../i18n';
import { formatAgo, formatDayClock } from '../i18n/times';
import { overview, serverGone, tick } from '../state/store';
import { lang, zone } from '../state/view';
import { alertText } from './alert_text';
import { Chip, type Tone } from './chip';

const tones: Record<string, Tone> = { critical: 'bad', warning: 'warn', info: 'info' };
const order = ['critical', 'warning', 'info'];

function severityText(severity: string): string {
  const key = `severity_${severity}`;
  return isKey(key) ? t(key) : severity;
}

function AlertRow({ alert }: { alert: Alert }) {
  const since = Date.parse(alert.active_at);
  const text = alertText(alert.annotations, lang.value);
  return (
    <li class={`alert tone-${tones[alert.severity] ?? 'info'}`} data-testid="alert">
      <Chip tone={tones[alert.severity] ?? 'info'}>{severityText(alert.severity)}</Chip>
      <div>
        <strong>{alert.name}</strong>
        {text && <span> {text}</span>}
        <p class="muted">
          {t(alert.state === 'firing' ? 'alert_firing' : 'alert_pending')}
          {Number.isFinite(since) && ` · ${t('alert_since', { time: formatDayClock(since, lang.value, zone.value) })} (${formatAgo(since, tick.value, lang.value)})`}
          {alert.labels.page === 'false' && ` · ${t('notifies_only')}`}
        </p>
      </div>
    </li>
  );
}

export function Alerts() {
  const data = overview.data.value;
  if (!data) return null;
  const rank = (alert: Alert) => (order.indexOf(alert.severity) + order.length + 1) % (order.length + 1);
  const sorted = [...data.alerts].sort((a, b) => rank(a) - rank(b) || a.active_at.localeCompare(b.active_at));
  return (
    <section class={`card alerts${serverGone.value ? ' dimmed' : ''}`} aria-labelledby="alerts-title" data-testid="alerts">
      <h2 id="alerts-title">
        {t('alerts')} {sorted.length > 0 && <span class={`count tone-${tones[sorted[0]?.severity ?? ''] ?? 'info'}`}>{sorted.length}</span>}
      </h2>
      <ul aria-live="polite" tabIndex={sorted.length > 3 ? 0 : undefined}>
        {sorted.length === 0 && (
          <li class="no-alerts">
            <Chip tone="ok">{t('no_alerts')}</Chip>
          </li>
        )}
        {sorted.map((alert) => (
          <AlertRow key={alert.fingerprint} alert={alert} />
        ))}
      </ul>
    </section>
  );
}
