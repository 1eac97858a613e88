// One card for each indicator, and acceptance, which looks different because it is something else.
import type { Indicator } from '../api/types';
import { t } from '../i18n';
import { formatCount, formatObjective, formatPercent, formatValue } from '../i18n/numbers';
import { formatLength } from '../i18n/times';
import { courses, overview, serverGone } from '../state/store';
import { lang } from '../state/view';
import { Chip, type Tone } from './chip';
import { Empty } from './panel';
import { Sparkline } from './sparkline';
import { indicatorName } from './verdict';

const states: Record<Indicator['state'], Tone> = { ok: 'ok', breached: 'bad', no_data: 'unknown' };

function Course({ indicator }: { indicator: Indicator }) {
  const course = courses.data.value;
  const points = course?.series.get(indicator.name) ?? [];
  if (!course || points.length === 0) return <div class="sparkline sparkline-empty" aria-hidden="true" />;
  const show = (value: number) => formatValue(value, indicator.unit, lang.value);
  const values = points.map(([, value]) => value);
  const summary = t('course_summary', {
    name: indicatorName(indicator.name),
    low: show(Math.min(...values)),
    high: show(Math.max(...values)),
    last: show(values[values.length - 1] ?? 0),
  });
  const { start, end } = course.window;
  return <Sparkline points={points} start={start / 1_000} end={end / 1_000} step={course.step / 1_000} threshold={indicator.threshold} summary={summary} />;
}

/** A ratio may lie beyond its objective without a breach: mamori asks first whether chance alone could do that. */
function withinChance({ state, value, op, threshold }: Indicator): boolean {
  if (state !== 'ok' || value === null) return false;
  return op === '>=' ? value < threshold : value > threshold;
}

function IndicatorCard({ indicator }: { indicator: Indicator }) {
  const chance = withinChance(indicator);
  const tone = chance ? 'warn' : (states[indicator.state] ?? 'unknown');
  const window = formatLength(indicator.window_seconds, lang.value);
  return (
    <article class={`card indicator tone-${tone}`} data-testid={`indicator-${indicator.name}`} data-state={indicator.state}>
      <header>
        <h3>{indicatorName(indicator.name)}</h3>
        <Chip tone={tone}>{t(chance ? 'state_chance' : `state_${indicator.state}`)}</Chip>
      </header>
      <p class="figure" data-testid="value">
        {formatValue(indicator.value, indicator.unit, lang.value, indicator.threshold)}
      </p>
      <Course indicator={indicator} />
      <dl class="facts">
        <dt>{t('objective', { objective: formatObjective(indicator.op, indicator.threshold, indicator.unit, lang.value) })}</dt>
        <dd title={t('statistic', { statistic: indicator.statistic })}>
          {t('window_events', { events: formatCount(indicator.events, lang.value), window })}
          {indicator.bad > 0 && ` · ${t('bad_events', { bad: formatCount(indicator.bad, lang.value) })}`}
        </dd>
      </dl>
      {chance && <p class="explained">{t('chance_explained')}</p>}
      <code class="series-name">{indicator.name}</code>
    </article>
  );
}

function AcceptanceCard() {
  const acceptance = overview.data.value?.acceptance;
  if (!acceptance) return null;
  return (
    <article class="card acceptance" data-testid="acceptance">
      <header>
        <h3>{t('payment_acceptance_rate')}</h3>
        <span class="tag">{t('acceptance_tag')}</span>
      </header>
      <p class="figure" data-testid="value">
        {formatPercent(acceptance.value, lang.value, 1)}
      </p>
      <p class="explained">{t('acceptance_explained')}</p>
    </article>
  );
}

export function Indicators() {
  const data = overview.data.value;
  return (
    <section class={`indicators${serverGone.value ? ' dimmed' : ''}`} aria-label={t('indicators')}>
      <h2 class="hidden">{t('indicators')}</h2>
      {!data && [0, 1, 2, 3, 4].map((each) => <div key={each} class="card skeleton indicator-skeleton" />)}
      {data && data.indicators.length === 0 && <Empty why={t('no_indicators')} hint={t('no_indicators_hint')} />}
      {data?.indicators
        .filter((indicator) => indicator.name !== 'payment_acceptance_rate')
        .map((indicator) => <IndicatorCard key={indicator.name} indicator={indicator} />)}
      <AcceptanceCard />
    </section>
  );
}
