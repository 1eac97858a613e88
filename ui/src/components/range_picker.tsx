// Chooses the time range: relative ones in one click, any other by its two ends.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { t, type Key } from '../i18n';
import { formatClock, formatDay, formatDayClock, fromLocalInput, toLocalInput } from '../i18n/times';
import { RELATIVE_RANGES, shifted, windowOf, type Range, type RelativeRange } from '../state/range';
import { change, lang, range, zone } from '../state/view';
import { Icon } from './icons';

export function rangeText(value: Range): string {
  if (value.kind === 'relative') return t(`range_${value.width}` as Key);
  const day = (ms: number) => formatDay(ms, lang.value, zone.value);
  const end = day(value.from) === day(value.to) ? formatClock : formatDayClock;
  return `${formatDayClock(value.from, lang.value, zone.value)} – ${end(value.to, lang.value, zone.value)}`;
}

export function shiftRange(direction: -1 | 1): void {
  change({ range: shifted(range.value, direction, Date.now()) }, true);
}

/** Remounted when the range or zone changes (by its key), so the inputs start from what is shown. */
function AbsoluteForm({ onDone }: { onDone: () => void }) {
  const shown = windowOf(range.value, Date.now());
  const from = useSignal(toLocalInput(shown.start, zone.value));
  const to = useSignal(toLocalInput(shown.end, zone.value));
  const wrong = useSignal(false);
  const apply = (event: Event) => {
    event.preventDefault();
    const next: Range = { kind: 'absolute', from: fromLocalInput(from.value, zone.value), to: fromLocalInput(to.value, zone.value) };
    wrong.value = !(next.from < next.to);
    if (wrong.value) return;
    change({ range: next }, true);
    onDone();
  };
  return (
    <form class="absolute" onSubmit={apply}>
      <label>
        {t('range_from')} ({zone.value})
        <input type="datetime-local" step="1" required value={from.value} onInput={(event) => (from.value = event.currentTarget.value)} />
      </label>
      <label>
        {t('range_to')} ({zone.value})
        <input type="datetime-local" step="1" required value={to.value} onInput={(event) => (to.value = event.currentTarget.value)} />
      </label>
      {wrong.value && (
        <p class="form-error" role="alert">
          {t('range_invalid')}
        </p>
      )}
      <button type="submit" class="primary">
        {t('range_apply')}
      </button>
    </form>
  );
}

export function RangePicker() {
  const open = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    open.value = false;
    button.current?.focus();
  };
  useEffect(() => {
    const outside = (event: Event) => {
      if (open.value && !box.current?.contains(event.target as Node)) open.value = false;
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, []);
  const choose = (width: RelativeRange) => {
    change({ range: { kind: 'relative', width } }, true);
    close();
  };
  const current = range.value;
  return (
    <div class="range-picker" ref={box} onKeyDown={(event) => event.key === 'Escape' && open.value && close()}>
      <button type="button" class="icon-button" title={t('range_earlier')} aria-label={t('range_earlier')} onClick={() => shiftRange(-1)}>
        <Icon name="left" />
      </button>
      <button type="button" class="range-button" id="range-button" ref={button} aria-expanded={open.value} aria-controls="range-menu" onClick={() => (open.value = !open.value)}>
        <Icon name="clock" />
        <span class="hidden">{t('range')}: </span>
        {rangeText(current)}
      </button>
      <button type="button" class="icon-button" title={t('range_later')} aria-label={t('range_later')} disabled={current.kind === 'relative'} onClick={() => shiftRange(1)}>
        <Icon name="right" />
      </button>
      {open.value && (
        <div class="popover" id="range-menu" role="group" aria-label={t('range')}>
          <div class="relative">
            {RELATIVE_RANGES.map((width) => (
              <button type="button" key={width} aria-pressed={current.kind === 'relative' && current.width === width} onClick={() => choose(width)}>
                {t(`range_${width}` as Key)}
              </button>
            ))}
          </div>
          <AbsoluteForm key={`${zone.value}${JSON.stringify(current)}`} onDone={close} />
        </div>
      )}
    </div>
  );
}
