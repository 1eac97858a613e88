// The frame of a widget: title, how fresh it is, its error, and the switch between chart and table.
import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';

import { ApiError } from '../api/client';
import { t } from '../i18n';
import type { Resource } from '../state/poll';
import { serverGone, tick } from '../state/store';
import { live, tables, toggleTable } from '../state/view';
import { Icon } from './icons';

const STALE_S = 15;

export function Empty({ why, hint }: { why: string; hint?: string }) {
  return (
    <div class="empty">
      <p>{why}</p>
      {hint && <pre>{hint}</pre>}
    </div>
  );
}

function PanelError({ error }: { error: ApiError }) {
  const copied = useSignal(false);
  const text = `${error.path} ${error.status > 0 ? `HTTP ${error.status}` : ''} ${error.message}`;
  const copy = () => navigator.clipboard?.writeText(text).then(() => (copied.value = true));
  return (
    <div class="panel-error" role="status">
      <Icon name="warn" size={14} />
      <span>
        {t('panel_error')}
        {error.status > 0 && ` (HTTP ${error.status})`}: {error.message}
      </span>
      <button type="button" class="small" onClick={copy}>
        {t(copied.value ? 'copied' : 'copy')}
      </button>
    </div>
  );
}

/** By itself, because it ticks: the panel and its chart need not be drawn every second. */
function StaleBadge({ source }: { source: Resource<unknown> }) {
  const at = source.at.value;
  const age = Math.round((tick.value - at) / 1_000);
  if (at === 0 || age <= STALE_S || !live.value) return null;
  return <span class="badge tone-warn">{t('stale', { seconds: age })}</span>;
}

interface Props {
  name: string; // of the widget, in the URL and the tests
  title: string;
  note?: string;
  wide?: 'half' | 'third' | 'two-thirds' | 'full';
  source: Resource<unknown>;
  table?: () => ComponentChildren; // the same data as a table; none: the body already is one
  footnote?: string | null;
  children: () => ComponentChildren; // called only when there is data
}

export function Panel({ name, title, note, wide = 'half', source, table, footnote, children }: Props) {
  const error = source.error.value;
  const at = source.at.value;
  const asTable = table !== undefined && tables.value.includes(name);
  return (
    <article class={`card panel ${wide}`} data-testid={`widget-${name}`} aria-busy={source.loading.value} aria-labelledby={`title-${name}`}>
      <header>
        <h3 id={`title-${name}`}>{title}</h3>
        {note && <span class="note">{note}</span>}
        <StaleBadge source={source} />
        {table && (
          <button type="button" class="icon-button" aria-pressed={asTable} title={t(asTable ? 'chart_view' : 'table_view')} aria-label={`${title}: ${t('table_view')}`} onClick={() => toggleTable(name)}>
            <Icon name={asTable ? 'chart' : 'table'} />
          </button>
        )}
      </header>
      {error && !serverGone.value && <PanelError error={error} />}
      <div class={`panel-body${source.loading.value || (error && at > 0) ? ' dimmed' : ''}`}>
        {at === 0 ? !error && <div class="skeleton chart-skeleton" /> : asTable ? table() : children()}
      </div>
      {at > 0 && footnote && <p class="footnote">{footnote}</p>}
    </article>
  );
}
