// p50, p95 and p99 over time: of payments, and of the API.
import type { Payments, Quantiles } from '../../api/types';
import { t } from '../../i18n';
import { formatCount, formatMs } from '../../i18n/numbers';
import { stepOf } from '../../state/range';
import { payments, technical } from '../../state/store';
import { lang, range } from '../../state/view';
import { allMissing, lastOf, type Series } from '../chart_data';
import { SeriesTable } from '../data_table';
import { Empty, Panel } from '../panel';
import { TimeChart } from '../time_chart';

interface Timeline {
  times: number[];
  stepMs: number;
  window: { start: number; end: number };
}

function seriesOf(quantiles: Quantiles): Series[] {
  return [
    { key: 'p50', label: t('p50'), color: '--c-p50', values: quantiles.p50, width: 1.5 },
    { key: 'p95', label: t('p95'), color: '--c-p95', values: quantiles.p95, width: 1.5, dash: [6, 4] },
    { key: 'p99', label: t('p99'), color: '--c-p99', values: quantiles.p99, width: 2.2 },
  ];
}

const ms = (value: number | null): string => formatMs(value, lang.value);

function Chart({ quantiles, timeline }: { quantiles: Quantiles; timeline: Timeline }) {
  const series = seriesOf(quantiles);
  if (allMissing(series)) return <Empty why={t('no_data_in_range')} />;
  const last = (values: (number | null)[]) => formatMs(lastOf(values), lang.value);
  const summary = t('latency_summary', { p50: last(quantiles.p50), p95: last(quantiles.p95), p99: last(quantiles.p99) });
  return <TimeChart {...timeline} series={series} format={ms} formatAxis={ms} summary={summary} />;
}

function Table({ caption, quantiles, timeline }: { caption: string; quantiles: Quantiles; timeline: Timeline }) {
  return <SeriesTable caption={caption} times={timeline.times} stepMs={timeline.stepMs} series={seriesOf(quantiles)} format={ms} />;
}

/** The two neighbours of a payment: webhooks after it, checkout sessions before it. */
function Counts({ data: { webhooks, checkout } }: { data: Payments }) {
  const count = (value: number) => formatCount(value, lang.value);
  return (
    <dl class="counts">
      <div>
        <dt>{t('webhooks')}</dt>
        <dd>
          <b>{count(webhooks.count)}</b> · {t('failed')} {count(webhooks.failed)} · p95 {ms(webhooks.p95_ms)} · {t('slowest', { value: ms(webhooks.max_ms) })}
        </dd>
      </div>
      <div>
        <dt>{t('checkout_sessions')}</dt>
        <dd>
          <b>{count(checkout.count)}</b> · {t('failed')} {count(checkout.failed)}
        </dd>
      </div>
    </dl>
  );
}

export function Latency() {
  const data = payments.data.value;
  const timeline: Timeline | null = data && { times: data.times_ms, stepMs: data.step_ms, window: { start: data.start_ms, end: data.end_ms } };
  return (
    <Panel
      name="latency"
      title={t('latency')}
      wide="third"
      source={payments}
      table={() => data && timeline && <Table caption={t('latency')} quantiles={data.latency_ms} timeline={timeline} />}
    >
      {() =>
        data &&
        timeline && (
          <>
            <Chart quantiles={data.latency_ms} timeline={timeline} />
            <Counts data={data} />
          </>
        )
      }
    </Panel>
  );
}

/** The technical answer has no ends of its own: its first bucket and the width of one tell them. */
export function technicalTimeline(times: number[]): Timeline {
  const stepMs = times.length > 1 ? (times[1] ?? 0) - (times[0] ?? 0) : stepOf(range.value);
  return { times, stepMs, window: { start: times[0] ?? 0, end: (times[times.length - 1] ?? 0) + stepMs } };
}

export function ApiResponseTimes() {
  const data = technical.data.value;
  const quantiles = data?.api_response_times;
  if (!data || !quantiles) return null;
  const timeline = technicalTimeline(data.times_ms);
  return (
    <Panel name="api_response_times" title={t('api_response_times')} source={technical} table={() => <Table caption={t('api_response_times')} quantiles={quantiles} timeline={timeline} />}>
      {() => <Chart quantiles={quantiles} timeline={timeline} />}
    </Panel>
  );
}
