import type { Outcome, Payments } from '../../api/types';
import { t, type Key } from '../../i18n';
import { formatCompact, formatCount, formatRate } from '../../i18n/numbers';
import { overview, payments } from '../../state/store';
import { lang } from '../../state/view';
import { missingOutside, perMinute, type Series } from '../chart_data';
import { SeriesTable } from '../data_table';
import { Empty, Panel } from '../panel';
import { TimeChart } from '../time_chart';

const layers: readonly (readonly [Outcome, Key])[] = [
  ['succeeded', 'succeeded'],
  ['declined', 'declined'],
  ['canceled', 'canceled'],
  ['pending', 'pending'],
  ['technical', 'technical_failure'],
];

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** When the first payment line ever arrived; before it nothing is known. */
export function firstLineMs(): number {
  const firsts = (overview.data.value?.streams ?? [])
    .filter(({ stream }) => stream.startsWith('payment_'))
    .map(({ first }) => Date.parse(first))
    .filter((ms) => ms > 0);
  return firsts.length > 0 ? Math.min(...firsts) : 0;
}

function countsOf(data: Payments): Series[] {
  const first = firstLineMs();
  return layers.map(([outcome, label]) => ({
    key: outcome,
    label: t(label),
    color: `--c-${outcome}`,
    values: missingOutside(data.volume[outcome] ?? [], data.times_ms, data.step_ms, first, data.end_ms),
  }));
}

function Chart() {
  const data = payments.data.value;
  if (!data) return null;
  const totals = Object.fromEntries(layers.map(([outcome]) => [outcome, sum(data.volume[outcome] ?? [])]));
  const total = sum(Object.values(totals));
  if (total === 0) return <Empty why={t('no_payments_in_range')} />;
  const count = (value: number | undefined) => formatCount(value ?? 0, lang.value);
  const summary = t('volume_summary', {
    total: count(total),
    succeeded: count(totals.succeeded),
    declined: count(totals.declined),
    technical: count(totals.technical),
  });
  const series = countsOf(data).map((each) => ({ ...each, values: perMinute(each.values, data.step_ms) }));
  return (
    <>
      <TimeChart
        times={data.times_ms}
        stepMs={data.step_ms}
        window={{ start: data.start_ms, end: data.end_ms }}
        series={series}
        bars
        height={240}
        format={(value) => formatRate(value, lang.value)}
        formatAxis={(value) => formatCompact(value, lang.value)}
        summary={summary}
      />
      <p class="footnote" data-testid="volume-summary">
        {summary} {t('chart_key')}
      </p>
    </>
  );
}

function Table() {
  const data = payments.data.value;
  if (!data) return null;
  return <SeriesTable caption={t('volume')} times={data.times_ms} stepMs={data.step_ms} series={countsOf(data)} format={(value) => formatCount(value, lang.value)} />;
}

export function Volume() {
  const truncated = payments.data.value?.truncated ? t('truncated') : null;
  return (
    <Panel name="volume" title={t('volume')} note={t('volume_note')} wide="two-thirds" source={payments} footnote={truncated} table={() => <Table />}>
      {() => <Chart />}
    </Panel>
  );
}
