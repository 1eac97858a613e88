// What the colours mean; under the crosshair also the values there, else the last ones.
import { NONE } from '../i18n/numbers';
import { lastOf, type Series } from './chart_data';

interface Props {
  series: Series[];
  index: number | null; // under the crosshair
  whole: number; // how many buckets are whole: the one that is still filling says too little
  time: string | null;
  format: (value: number) => string;
}

export function Legend({ series, index, whole, time, format }: Props) {
  return (
    <div class="legend" aria-hidden="true">
      {series.map((each) => {
        const value = index === null ? lastOf(each.values.slice(0, whole)) : (each.values[index] ?? null);
        return (
          <span key={each.key} class="legend-item">
            <svg class="swatch" width="14" height="10" viewBox="0 0 14 10" focusable="false">
              {each.dash || each.width ? (
                <line x1="0" x2="14" y1="5" y2="5" class={`stroke${each.color}`} stroke-width={(each.width ?? 1.5) + 0.5} stroke-dasharray={each.dash?.map((part) => part / 1.5).join(' ')} />
              ) : (
                <rect width="10" height="10" x="2" rx="2" class={`fill${each.color}`} />
              )}
            </svg>
            {each.label} <b>{value === null ? NONE : format(value)}</b>
          </span>
        );
      })}
      <span class="legend-time">{time}</span>
    </div>
  );
}
