// The first row: are we taking money?
import type { Overview, VerdictReason, VerdictState } from '../api/types';
import { isKey, t, type Key } from '../i18n';
import { formatObjective, formatValue } from '../i18n/numbers';
import { formatAgo, formatDayClock } from '../i18n/times';
import { overview, serverGone, tick } from '../state/store';
import { lang, zone } from '../state/view';
import type { Tone } from './chip';
import { Icon, type IconName } from './icons';

const tones: Record<VerdictState, Tone> = { ok: 'ok', degraded: 'warn', down: 'bad', unknown: 'unknown' };
const icons: Record<VerdictState, IconName> = { ok: 'ok', degraded: 'warn', down: 'bad', unknown: 'unknown' };

export const indicatorName = (name: string): string => (isKey(name) ? t(name) : name);

function reasonText(reason: VerdictReason, data: Overview): string {
  switch (reason.code) {
    case 'no_payments':
      return t('reason_no_payments');
    case 'fast_down':
      return t('reason_fast_down');
    case 'alert_firing':
      return t('reason_alert', { name: reason.alert || reason.indicator || '' });
    case 'indicator_breached': {
      const name = indicatorName(reason.indicator ?? '');
      const indicator = data.indicators.find((each) => each.name === reason.indicator);
      if (!indicator || reason.value === null || reason.value === undefined) return t('reason_no_value', { name });
      const threshold = reason.threshold ?? indicator.threshold;
      return t('reason_indicator', {
        name,
        value: formatValue(reason.value, indicator.unit, lang.value, threshold),
        objective: formatObjective(indicator.op, threshold, indicator.unit, lang.value),
      });
    }
    default:
      return reason.code;
  }
}

export function Verdict() {
  const data = overview.data.value;
  // What the server last said is no answer to "now" once the server is gone.
  const state: VerdictState = !data || serverGone.value ? 'unknown' : data.verdict.state in tones ? data.verdict.state : 'unknown';
  const since = data ? Date.parse(data.verdict.since) : NaN;
  return (
    <section class={`verdict tone-${tones[state]}`} aria-labelledby="verdict-title" data-testid="verdict" data-state={state}>
      <h1 id="verdict-title">{t('verdict_question')}</h1>
      {!data && !serverGone.value ? (
        <div class="skeleton verdict-skeleton" />
      ) : (
        <>
          <p class="verdict-answer" aria-live="polite">
            <span class="verdict-icon">
              <Icon name={icons[state]} size={26} />
            </span>
            <strong>{t(`verdict_${state}` as Key)}</strong>
            <span class="verdict-text">{t(serverGone.value ? 'verdict_gone_text' : (`verdict_${state}_text` as Key))}</span>
          </p>
          {data && !serverGone.value && (
            <div class="verdict-why">
              {Number.isFinite(since) && since > 0 && (
                <p class="muted">
                  {t('verdict_since', {
                    time: formatDayClock(since, lang.value, zone.value),
                    ago: formatAgo(since, tick.value, lang.value),
                  })}
                </p>
              )}
              <ul>
                {data.verdict.reasons.map((reason, index) => (
                  <li key={index}>{reasonText(reason, data)}</li>
                ))}
                {state === 'unknown' && <li class="muted">{t('no_payments_hint')}</li>}
              </ul>
            </div>
          )}
        </>
      )}
    </section>
  );
}
