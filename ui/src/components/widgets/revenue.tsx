// One chart for each currency. They are never added up: that would need a rate, and nobody stated one.
import { useSignal } from '@preact/signals';

import type { Payments, Revenue as Money } from '../../api/types';
import { t } from '../../i18n';
import { formatMoney, formatMoneyCompact } from '../../i18n/money';
import { payments } from '../../state/store';
import { lang } from '../../state/view';
import { missingOutside, perMinute, spread, type Series } from '../chart_data';
import { SeriesTable } from '../data_table';
import { Empty, Panel } from '../panel';
import { TimeChart } from '../time_chart';
import { firstLineMs } from './volume';

const SHOWN = 3;

function sumsOf(data: Payments, { currency, minor_units }: Money): Series {
  const values = missingOutside(minor_units, data.times_ms, data.step_ms, firstLineMs(), data.end_ms);
  return { key: currency, label: currency, color: '--c-revenue', values };
}

function Currency({ data, money }: { data: Payments; money: Money }) {
  const show = (minor: number) => formatMoney(Math.round(minor), money.exponent, money.currency, lang.value);
  const sums = sumsOf(data, money);
  const total = show(money.total_minor_units);
  return (
    <section class="currency" data-testid={`revenue-${money.currency}`}>
      <h4>
        {money.currency} <span class="figure-small">{total}</span>
      </h4>
      <TimeChart
        times={data.times_ms}
        stepMs={data.step_ms}
        window={{ start: data.start_ms, end: data.end_ms }}
        series={[{ ...sums, label: t('per_minute'), values: perMinute(sums.values, data.step_ms) }]}
        bars
        height={185}
        format={show}
        formatAxis={(minor) => formatMoneyCompact(minor, money.exponent, money.currency, lang.value)}
        summary={t('revenue_summary', { currency: money.currency, total })}
      />
    </section>
  );
}

function Tables({ data, currencies }: { data: Payments; currencies: Money[] }) {
  return (
    <>
      {currencies.map((money) => (
        <SeriesTable
          key={money.currency}
          caption={`${t('revenue')} ${money.currency}`}
          times={data.times_ms}
          stepMs={data.step_ms}
          series={[sumsOf(data, money)]}
          format={(minor) => formatMoney(minor, money.exponent, money.currency, lang.value)}
        />
      ))}
    </>
  );
}

/** Amounts of two currencies do not compare, but how steady they are does: the more payments, the smaller the relative spread. */
function sorted(data: Payments): Money[] {
  return [...data.revenue].sort((a, b) => spread(a.minor_units) - spread(b.minor_units) || a.currency.localeCompare(b.currency));
}

function Charts({ data }: { data: Payments }) {
  const open = useSignal(false);
  const all = sorted(data);
  const shown = open.value ? all : all.slice(0, SHOWN);
  return (
    <>
      <div class="currencies">
        {shown.map((money) => (
          <Currency key={money.currency} data={data} money={money} />
        ))}
      </div>
      {all.length > SHOWN && (
        <button type="button" class="small more" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
          {open.value ? t('fewer_rows') : t('more_rows', { count: all.length - SHOWN })}
        </button>
      )}
    </>
  );
}

export function Revenue() {
  const data = payments.data.value;
  return (
    <Panel name="revenue" title={t('revenue')} note={t('revenue_note')} wide="two-thirds" source={payments} table={() => data && <Tables data={data} currencies={sorted(data)} />}>
      {() =>
        !data || data.revenue.length === 0 ? (
          <Empty why={t('no_payments_in_range')} />
        ) : (
          <Charts data={data} />
        )
      }
    </Panel>
  );
}
