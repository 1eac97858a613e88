// One chart for each currency. They are never added up: that would need a rate, and nobody stated one.
import type { Payments, Revenue as Money } from '../../api/types';
import { t } from '../../i18n';
import { formatMoney, formatMoneyCompact } from '../../i18n/money';
import { payments } from '../../state/store';
import { lang } from '../../state/view';
import { missingOutside, perMinute, type Series } from '../chart_data';
import { SeriesTable } from '../data_table';
import { Empty, Panel } from '../panel';
import { TimeChart } from '../time_chart';
import { firstLineMs } from './volume';

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

/** Within one currency amounts compare; across them the number of payments is not known here, so the name decides. */
const sorted = (data: Payments): Money[] => [...data.revenue].sort((a, b) => a.currency.localeCompare(b.currency));

export function Revenue() {
  const data = payments.data.value;
  return (
    <Panel name="revenue" title={t('revenue')} note={t('revenue_note')} wide="two-thirds" source={payments} table={() => data && <Tables data={data} currencies={sorted(data)} />}>
      {() =>
        !data || data.revenue.length === 0 ? (
          <Empty why={t('no_payments_in_range')} />
        ) : (
          <div class="currencies">
            {sorted(data).map((money) => (
              <Currency key={money.currency} data={data} money={money} />
            ))}
          </div>
        )
      }
    </Panel>
  );
}
