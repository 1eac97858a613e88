// A state as an icon and a word in a colour: never the colour alone.
import type { ComponentChildren } from 'preact';

import { Icon, type IconName } from './icons';

export type Tone = 'ok' | 'warn' | 'bad' | 'unknown' | 'info';

const icons: Record<Tone, IconName> = { ok: 'ok', warn: 'warn', bad: 'bad', unknown: 'unknown', info: 'info' };

export function Chip({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`chip tone-${tone}`}>
      <Icon name={icons[tone]} size={12} />
      {children}
    </span>
  );
}
