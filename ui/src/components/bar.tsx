// Bars inside tables, drawn as SVG so that no inline style is needed.
import type { Group } from '../api/types';

/** `share` 0 to 1. */
export function ShareBar({ share, color = '--c-succeeded' }: { share: number; color?: string }) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return (
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="bar-ground" width="100" height="8" rx="1" />
      <rect class={`fill${color}`} width={width} height="8" />
    </svg>
  );
}

/** One group's attempts by outcome, as wide as its share of the largest group. */
export function OutcomeBar({ group, largest }: { group: Group; largest: number }) {
  const parts = [
    ['--c-succeeded', group.succeeded],
    ['--c-declined', group.declined],
    ['--c-canceled', group.canceled ?? 0],
    ['--c-technical', group.technical],
  ] as const;
  let x = 0;
  return (
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="bar-ground" width="100" height="8" rx="1" />
      {parts.map(([color, count]) => {
        const width = largest > 0 ? (count / largest) * 100 : 0;
        const part = <rect key={color} class={`fill${color}`} x={x} width={width} height="8" />;
        x += width;
        return part;
      })}
    </svg>
  );
}
