// Single-key shortcuts. Never while something is being typed, nor with a modifier.
import { refreshAll } from './store';
import { change, live } from './view';

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));

export function listenToKeys(shift: (direction: -1 | 1) => void): void {
  const actions: Record<string, () => void> = {
    t: () => document.getElementById('range-button')?.click(),
    '/': () => document.getElementById('filter')?.focus(),
    r: () => refreshAll(),
    p: () => change({ live: !live.value }),
    '[': () => shift(-1),
    ']': () => shift(1),
  };
  addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
