import type { Technical } from '../../api/types';
import { t } from '../../i18n';
import { formatCount, formatPercent } from '../../i18n/numbers';
import { technical } from '../../state/store';
import { lang } from '../../state/view';
import { ShareBar } from '../bar';
import { RankedTable, type Column } from '../data_table';
import { Empty, Panel } from '../panel';

type Row = NonNullable<Technical['errors_by_endpoint']>[number];

export function Endpoints() {
  const found = technical.data.value?.errors_by_endpoint;
  if (!found) return null;
  return (
    <Panel name="errors_by_endpoint" title={t('errors_by_endpoint')} source={technical}>
      {() => {
        const rows = [...found].sort((a, b) => b.errors - a.errors || b.requests - a.requests);
        if (rows.length === 0) return <Empty why={t('no_data_in_range')} />;
        const columns: Column<Row>[] = [
          { key: 'endpoint', title: t('endpoint'), cell: (row) => <code>{row.endpoint}</code> },
          { key: 'requests', title: t('requests'), number: true, cell: (row) => formatCount(row.requests, lang.value) },
          { key: 'errors', title: t('errors'), number: true, cell: (row) => formatCount(row.errors, lang.value) },
          { key: 'share', title: t('error_share'), number: true, cell: (row) => formatPercent(row.error_percent, lang.value, 1) },
          { key: 'bar', title: '', cell: (row) => <ShareBar share={(row.error_percent ?? 0) / 100} color="--c-technical" /> },
        ];
        return <RankedTable caption={t('errors_by_endpoint')} rows={rows} columns={columns} rowKey={(row) => row.endpoint} />;
      }}
    </Panel>
  );
}
