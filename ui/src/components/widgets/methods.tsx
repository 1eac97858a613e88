import type { Group } from '../../api/types';
import { t } from '../../i18n';
import { formatCount, formatPercent } from '../../i18n/numbers';
import { payments } from '../../state/store';
import { lang } from '../../state/view';
import { OutcomeBar } from '../bar';
import { RankedTable, type Column } from '../data_table';
import { FilterLink, term } from '../filter_link';
import { Empty, Panel } from '../panel';

type Named = Group & { name: string };

const ranked = (rows: Named[]): Named[] => [...rows].sort((a, b) => b.attempts - a.attempts || a.name.localeCompare(b.name));

function columns(title: string, field: string, largest: number): Column<Named>[] {
  const percent = (value: number | null | undefined) => formatPercent(value, lang.value, 1);
  return [
    {
      key: 'name',
      title,
      cell: ({ name }) => (name ? <FilterLink query={term(field, name)}>{name}</FilterLink> : t('method_unknown')),
    },
    { key: 'bar', title: t('share'), cell: (row) => <OutcomeBar group={row} largest={largest} /> },
    { key: 'attempts', title: t('attempts'), number: true, cell: ({ attempts }) => formatCount(attempts, lang.value) },
    { key: 'technical', title: t('technical_success'), number: true, cell: (row) => percent(row.technical_success_percent) },
    { key: 'acceptance', title: t('acceptance'), number: true, cell: (row) => percent(row.acceptance_percent) },
  ];
}

function Groups({ rows, title, field }: { rows: Named[]; title: string; field: string }) {
  const sorted = ranked(rows);
  return <RankedTable caption={title} rows={sorted} columns={columns(title, field, sorted[0]?.attempts ?? 0)} rowKey={({ name }) => name} limit={6} />;
}

export function Methods() {
  return (
    <Panel name="methods" title={t('methods')} source={payments}>
      {() => {
        const data = payments.data.value;
        if (!data || data.methods.length === 0) return <Empty why={t('no_payments_in_range')} />;
        const providers = data.providers.filter(({ provider }) => provider);
        return (
          <>
            <Groups rows={data.methods.map((row) => ({ ...row, name: row.method }))} title={t('method')} field="payment_method" />
            {providers.length > 0 && <Groups rows={providers.map((row) => ({ ...row, name: row.provider }))} title={t('provider')} field="provider" />}
          </>
        );
      }}
    </Panel>
  );
}
