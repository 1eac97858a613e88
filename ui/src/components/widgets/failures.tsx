import type { Payments } from '../../api/types';
import { isKey, t } from '../../i18n';
import { formatCount, formatPercent } from '../../i18n/numbers';
import { payments } from '../../state/store';
import { lang } from '../../state/view';
import { ShareBar } from '../bar';
import { RankedTable, type Column } from '../data_table';
import { FilterLink, term } from '../filter_link';
import { Empty, Panel } from '../panel';

type Row = Payments['failure_reasons'][number];

function familyText(family: string): string {
  const key = `family_${family}`;
  return isKey(key) ? t(key) : family;
}

export function Failures() {
  return (
    <Panel name="failures" title={t('failures')} note={t('failures_note')} wide="third" source={payments}>
      {() => {
        const rows = [...(payments.data.value?.failure_reasons ?? [])].sort((a, b) => b.count - a.count);
        if (rows.length === 0) return <Empty why={t('no_failures')} />;
        const all = rows.reduce((sum, row) => sum + row.count, 0);
        const largest = rows[0]?.count ?? 1;
        const columns: Column<Row>[] = [
          {
            key: 'reason',
            title: t('reason'),
            cell: (row) => (
              <>
                {row.error_code ? <FilterLink query={term('error_code', row.error_code)}>{row.error_code}</FilterLink> : t('error_none')}
                <span class={`family family-${row.family}`}>{familyText(row.family)}</span>
                <ShareBar share={row.count / largest} color={row.family === 'technical' ? '--c-technical' : '--c-declined'} />
              </>
            ),
          },
          { key: 'count', title: t('count'), number: true, cell: (row) => formatCount(row.count, lang.value) },
          { key: 'share', title: '%', number: true, cell: (row) => formatPercent((100 * row.count) / all, lang.value, 1) },
        ];
        return <RankedTable caption={t('failures')} rows={rows} columns={columns} rowKey={(row) => `${row.error_code} ${row.family}`} limit={6} />;
      }}
    </Panel>
  );
}
