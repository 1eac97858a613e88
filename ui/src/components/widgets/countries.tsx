import type { Payments } from '../../api/types';
import { t } from '../../i18n';
import { countryName } from '../../i18n/names';
import { formatCount, formatPercent } from '../../i18n/numbers';
import { payments } from '../../state/store';
import { lang } from '../../state/view';
import { OutcomeBar } from '../bar';
import { RankedTable, type Column } from '../data_table';
import { FilterLink, term } from '../filter_link';
import { Empty, Panel } from '../panel';

type Row = Payments['countries'][number];

export function Countries() {
  return (
    <Panel name="countries" title={t('countries')} source={payments}>
      {() => {
        const rows = [...(payments.data.value?.countries ?? [])].sort((a, b) => b.attempts - a.attempts);
        if (rows.length === 0) return <Empty why={t('no_payments_in_range')} />;
        const all = rows.reduce((sum, row) => sum + row.attempts, 0);
        const largest = rows[0]?.attempts ?? 0;
        const columns: Column<Row>[] = [
          {
            key: 'country',
            title: t('country'),
            cell: ({ country }) =>
              country ? <FilterLink query={term('country', country)}>{countryName(country, lang.value, '')}</FilterLink> : t('country_unknown'),
          },
          { key: 'bar', title: t('share'), cell: (row) => <OutcomeBar group={row} largest={largest} /> },
          { key: 'share', title: '%', number: true, cell: (row) => formatPercent((100 * row.attempts) / all, lang.value, 1) },
          { key: 'attempts', title: t('attempts'), number: true, cell: (row) => formatCount(row.attempts, lang.value) },
          { key: 'declined', title: t('declined'), number: true, cell: (row) => formatCount(row.declined, lang.value) },
          { key: 'technical', title: t('technical_failures'), number: true, cell: (row) => formatCount(row.technical, lang.value) },
        ];
        return <RankedTable caption={t('countries')} rows={rows} columns={columns} rowKey={({ country }) => country} />;
      }}
    </Panel>
  );
}
