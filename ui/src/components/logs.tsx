// The latest log lines and the box that filters them.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { LogLine } from '../api/types';
import { isKey, t } from '../i18n';
import { formatCount } from '../i18n/numbers';
import { formatLogTime } from '../i18n/times';
import { logs, overview, serverGone } from '../state/store';
import { change, filter, lang, zone } from '../state/view';
import { Chip, type Tone } from './chip';
import { Icon } from './icons';
import { summarize } from './log_summary';
import { Empty } from './panel';

const EXAMPLES = ['status:failed', 'processing_time:>3000', 'event:webhook', '_stream:payment_*'];
const statusTones: Record<string, Tone> = { succeeded: 'ok', failed: 'bad', pending: 'info', canceled: 'unknown' };

function FilterForm() {
  const text = useSignal(filter.value);
  useEffect(() => {
    text.value = filter.value; // a link or the Back button changed it
  }, [filter.value]);
  const apply = (query: string) => change({ filter: query.normalize('NFKC').trim() }, true);
  const error = logs.error.value;
  const refused = error && error.status === 400 ? error : null;
  return (
    <form
      class="filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        apply(text.value);
      }}
    >
      <label class="hidden" for="filter">
        {t('filter')}
      </label>
      <div class={`filter-box${refused ? ' invalid' : ''}`}>
        <Icon name="search" />
        <input
          id="filter"
          type="search"
          spellcheck={false}
          autocomplete="off"
          placeholder={t('filter_placeholder')}
          value={text.value}
          aria-invalid={refused !== null}
          aria-describedby="filter-help filter-error"
          onInput={(event) => (text.value = event.currentTarget.value)}
          // An Enter that ends a Japanese conversion must not submit.
          onKeyDown={(event) => event.key === 'Enter' && event.isComposing && event.preventDefault()}
        />
        {filter.value && (
          <button type="button" class="small" onClick={() => apply('')}>
            {t('filter_clear')}
          </button>
        )}
        <button type="submit" class="primary">
          {t('filter_apply')}
        </button>
      </div>
      <div id="filter-error" aria-live="polite">
        {refused && (
          <div class="filter-error" data-testid="filter-error">
            <Icon name="bad" size={14} /> <strong>{t('filter_error')}</strong>
            <pre>{refused.message}</pre>
          </div>
        )}
      </div>
      <p id="filter-help" class="filter-help">
        {EXAMPLES.map((example) => (
          <button type="button" key={example} class="example" onClick={() => apply(example)}>
            {example}
          </button>
        ))}
        <span class="muted">{t('filter_help')}</span>
      </p>
    </form>
  );
}

function Status({ status }: { status: string }) {
  if (!status) return null;
  const key = status === 'failed' ? 'failed' : status;
  return <Chip tone={statusTones[status] ?? 'unknown'}>{isKey(key) ? t(key) : status}</Chip>;
}

function Row({ entry, open, onToggle }: { entry: LogLine; open: boolean; onToggle: () => void }) {
  const { event, status, what, error } = summarize(entry.line, lang.value);
  return (
    <>
      <tr class={open ? 'open' : ''} data-testid="log-line">
        <td class="log-time">
          <button type="button" class="disclose" aria-expanded={open} title={t(open ? 'close_line' : 'open_line')} onClick={onToggle}>
            <Icon name="right" size={12} />
            <time dateTime={entry.time}>{formatLogTime(Date.parse(entry.time), Date.now(), lang.value, zone.value)}</time>
          </button>
        </td>
        <td class="log-stream">
          {entry.stream}
          {event && !entry.stream.includes(event) && <span class="muted"> {event}</span>}
        </td>
        <td>
          <Status status={status} />
        </td>
        <td class="log-what">
          {error && <code class="log-error">{error + '  '}</code>}
          {what}
        </td>
      </tr>
      {open && (
        <tr class="log-json">
          <td colSpan={4}>
            <pre tabIndex={0}>{JSON.stringify(entry.line, null, 2)}</pre>
          </td>
        </tr>
      )}
    </>
  );
}

const keyOf = (entry: LogLine): string => `${entry.time} ${entry.stream} ${JSON.stringify(entry.line)}`;

/** Equal lines get a number, so that each row keeps its own key while new ones arrive above. */
function keyed(lines: LogLine[]): { key: string; entry: LogLine }[] {
  const seen = new Map<string, number>();
  return [...lines].reverse().map((entry) => {
    const base = keyOf(entry);
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return { key: `${base} ${count}`, entry };
  }).reverse();
}

function sample(): string {
  return `curl -s ${location.origin}/payment_logs/_bulk -H 'Content-Type: application/x-ndjson' --data-binary $'{"create":{}}\\n{"@timestamp":"${new Date().toISOString()}","payment_id":"p1","amount":1200,"currency":"JPY","status":"succeeded","payment_method":"card","processing_time":420,"country":"JP"}\\n'`;
}

function Lines() {
  const open = useSignal<string | null>(null);
  const data = logs.data.value;
  if (!data) return <div class="skeleton logs-skeleton" />;
  if (data.lines.length === 0) {
    const ever = (overview.data.value?.streams ?? []).length > 0;
    return ever ? <Empty why={t('no_lines')} /> : <Empty why={`${t('no_lines_ever')} ${t('no_lines_hint')}`} hint={sample()} />;
  }
  return (
    <div class="log-scroll">
      <table class="log-table">
        <caption class="hidden">{t('logs')}</caption>
        <thead>
          <tr>
            <th scope="col">
              {t('time')} ({zone.value})
            </th>
            <th scope="col">{t('stream')}</th>
            <th scope="col">{t('status')}</th>
            <th scope="col">{t('what')}</th>
          </tr>
        </thead>
        <tbody>
          {keyed(data.lines).map(({ key, entry }) => (
            <Row key={key} entry={entry} open={open.value === key} onToggle={() => (open.value = open.value === key ? null : key)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Logs() {
  const data = logs.data.value;
  const error = logs.error.value;
  return (
    <section class="card logs" id="logs" aria-labelledby="logs-title" aria-busy={logs.loading.value} data-testid="logs">
      <header>
        <h2 id="logs-title">{t('logs')}</h2>
        {data && (
          <span class="note">
            {t(data.truncated ? 'lines_shown_more' : 'lines_shown', { count: data.lines.length })} · {t('newest_first')} ·{' '}
            {t('scan_cost', { lines: formatCount(data.cost.lines, lang.value), ms: data.cost.seconds < 0.001 ? '<1' : formatCount(Math.round(data.cost.seconds * 1_000), lang.value) })}
          </span>
        )}
      </header>
      <FilterForm />
      {error && error.status !== 400 && !serverGone.value && (
        <p class="panel-error">
          {t('panel_error')}: {error.message}
        </p>
      )}
      <div class={logs.loading.value || error ? 'dimmed' : ''}>
        <Lines />
      </div>
    </section>
  );
}
