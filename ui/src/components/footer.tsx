// What the numbers rest on: streams, scrape targets, configuration, version.
import type { ScrapeTarget } from '../api/types';
import { t } from '../i18n';
import { formatCount } from '../i18n/numbers';
import { overview } from '../state/store';
import { lang } from '../state/view';
import { Chip, type Tone } from './chip';

const tones: Record<ScrapeTarget['health'], Tone> = { up: 'ok', down: 'bad', unknown: 'unknown' };

export function Footer() {
  const data = overview.data.value;
  return (
    <footer class="footer">
      {data && (
        <dl>
          <div>
            <dt>{t('streams')}</dt>
            {data.streams.length === 0 && <dd class="muted">{t('none')}</dd>}
            {data.streams.map(({ stream, lines }) => (
              <dd key={stream}>
                <code>{stream}</code> <span class="muted">{t('lines', { count: formatCount(lines, lang.value) })}</span>
              </dd>
            ))}
          </div>
          <div>
            <dt>{t('targets')}</dt>
            {data.scrape_targets.length === 0 && <dd class="muted">{t('none')}</dd>}
            {data.scrape_targets.map((target) => (
              <dd key={`${target.job} ${target.instance}`} title={target.last_error}>
                <code>
                  {target.job} {target.instance}
                </code>{' '}
                <Chip tone={tones[target.health] ?? 'unknown'}>{t(`target_${target.health}`)}</Chip>
                {target.last_error && <span class="muted"> {target.last_error}</span>}
              </dd>
            ))}
          </div>
          <div>
            <dt>{t('config_files')}</dt>
            {data.config.files.length === 0 && <dd class="muted">{t('none')}</dd>}
            {data.config.files.map((file) => (
              <dd key={file}>
                <code>{file}</code>
              </dd>
            ))}
          </div>
        </dl>
      )}
      <p class="muted">
        mamori {data?.version} · {t('shortcuts')}
      </p>
    </footer>
  );
}
