// Tables: a time chart's numbers, and the ranked lists.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { t } from '../i18n';
import { formatDayClock, formatSeconds } from '../i18n/times';
import { lang, zone } from '../state/view';
import type { Series } from './chart_data';

interface SeriesTableProps {
  caption: string;
  times: number[];
  stepMs: number;
  series: Series[];
  format: (value: number) => string;
}

/** Newest first. A missing value is written out; a zero is 0. */
export function SeriesTable({ caption, times, stepMs, series, format }: SeriesTableProps) {
  const at = (ms: number) => (stepMs < 60_000 ? formatSeconds(ms, lang.value, zone.value) : formatDayClock(ms, lang.value, zone.value));
  const rows = times.map((time, index) => ({ time, index })).reverse();
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">
              {t('bucket_time')} ({zone.value})
            </th>
            {series.map(({ key, label }) => (
              <th scope="col" class="number" key={key}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ time, index }) => (
            <tr key={time}>
              <th scope="row">{at(time)}</th>
              {series.map(({ key, values }) => {
                const value = values[index] ?? null;
                return (
                  <td class="number" key={key}>
                    {value === null ? <span class="muted">{t('missing')}</span> : format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface Column<Row> {
  key: string;
  title: string;
  number?: boolean;
  cell: (row: Row) => ComponentChildren;
}

interface RankedProps<Row> {
  caption: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  limit?: number;
}

/** The first rows of a ranked list, and the others when asked for. */
export function RankedTable<Row>({ caption, rows, columns, rowKey, limit = 8 }: RankedProps<Row>) {
  const open = useSignal(false);
  const shown = open.value ? rows : rows.slice(0, limit);
  return (
    <div class="table-wrap">
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ key, title, number }) => (
              <th scope="col" key={key} class={`column-${key}${number ? ' number' : ''}`}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ key, number, cell }) => (
                <td key={key} class={`column-${key}${number ? ' number' : ''}`}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > limit && (
        <button type="button" class="small more" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
          {open.value ? t('fewer_rows') : t('more_rows', { count: rows.length - limit })}
        </button>
      )}
    </div>
  );
}
