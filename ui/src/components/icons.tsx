// Small inline pictures. Each stands beside a word, so screen readers skip them.
import type { JSX } from 'preact';

const paths = {
  ok: <path d="m3.5 8.5 3 3 6-7" />,
  warn: <path d="M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.4v.6" />,
  bad: <path d="m4 4 8 8m0-8-8 8" />,
  unknown: <path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.600 8 9 8 10M8 12.300v.4" />,
  info: <path d="M8 7.200V12M8 4v.4" />,
  table: <path d="M2 3.500h12v9H2zM2 6.500h12M6.500 3.500v9" />,
  chart: <path d="M2.500 2.500v11h11M5.500 11V8M8.500 11V4.500M11.500 11V6.500" />,
  pause: <path d="M5.500 3.500v9M10.500 3.500v9" />,
  play: <path d="M5 3.500 12 8l-7 4.500z" />,
  refresh: <path d="M13 8a5 5 0 1 1-1.500-3.600M13 2.500V5h-2.500" />,
  left: <path d="M10 3.500 5.500 8l4.500 4.500" />,
  right: <path d="M6 3.500 10.500 8 6 12.500" />,
  search: <path d="M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.300 10.300l3.700 3.700" />,
  clock: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.500V8l2.500 1.500" />,
} satisfies Record<string, JSX.Element>;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {paths[name]}
    </svg>
  );
}

export function Shield() {
  return (
    <svg class="shield" width="22" height="22" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="shield-body" d="M16 2 4 6.500v8.200C4 22 9 27.600 16 30c7-2.400 12-8 12-15.300V6.500z" />
      <path class="shield-tick" d="m10.500 16 4 4 7.500-8.500" />
    </svg>
  );
}
